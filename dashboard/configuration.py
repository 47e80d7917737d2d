"""How Streamlit is set up: what keeps strangers out, and how the pages look."""

from __future__ import annotations

from collections.abc import Mapping

Setting = bool | int | str

# A person's own config.toml cannot loosen these, because flags win over files.
SAFE: Mapping[str, Setting] = {
    "browser.gatherUsageStats": False,
    "server.headless": True,
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.enableStaticServing": False,
    "server.maxUploadSize": 1,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "viewer",
    # The table's own download writes cells as they are; the pages offer one that is neutralised.
    "client.disableDataExport": True,
    "runner.magicEnabled": False,
    "logger.level": "warning",
}

_FONT = "Inter, 'Segoe UI', system-ui, -apple-system, 'Helvetica Neue', Arial, sans-serif"
_CODE_FONT = "'JetBrains Mono', 'SF Mono', 'DejaVu Sans Mono', Consolas, monospace"

LOOK: Mapping[str, Setting] = {
    "theme.font": _FONT,
    "theme.headingFont": _FONT,
    "theme.codeFont": _CODE_FONT,
    "theme.baseFontSize": 15,
    "theme.paddingTop": "2.2rem",
    "theme.paddingBottom": "4rem",
    "theme.baseRadius": "0.5rem",
    "theme.headingFontWeights": "[700,650,600,600,600,600]",
    "theme.headingFontSizes": '["1.9rem","1.35rem","1.1rem","1rem","0.95rem","0.9rem"]',
    "theme.metricValueFontSize": "1.65rem",
    "theme.light.primaryColor": "#0B63A5",
    "theme.light.backgroundColor": "#FFFFFF",
    "theme.light.secondaryBackgroundColor": "#F4F6F8",
    "theme.light.textColor": "#16191D",
    "theme.light.borderColor": "#DDE2E7",
    "theme.light.linkColor": "#0B63A5",
    "theme.dark.primaryColor": "#62B0E8",
    "theme.dark.backgroundColor": "#101418",
    "theme.dark.secondaryBackgroundColor": "#1A2027",
    "theme.dark.textColor": "#E8ECF0",
    "theme.dark.borderColor": "#2D353E",
    "theme.dark.linkColor": "#7CC0F2",
}


def flags(address: str, port: int, base_path: str = "") -> list[str]:
    """The arguments of `streamlit run` after the script: where it listens, and all of the above."""
    where: dict[str, Setting] = {"server.address": address, "server.port": port}
    if base_path:
        where["server.baseUrlPath"] = base_path
    all_of_it = {**LOOK, **where, **SAFE}
    return [f"--{name}={_written(value)}" for name, value in all_of_it.items()]


def _written(value: Setting) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
