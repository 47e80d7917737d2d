"""A page of the leaderboard drawn without a browser, over a store of the test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest


@contextmanager
def _environment(store: Path) -> Iterator[None]:
    named = {"JUDGE_STORE": str(store), "JUDGE_RUN_DIR": str(store.parent / "runs")}
    before = {name: os.environ.get(name) for name in named}
    os.environ.update(named)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@cache
def _scan_packages_once() -> None:
    """Lets Streamlit look for components in the installed packages once, and not for every page."""
    from streamlit.components.v2 import manifest_scanner

    manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


class Drawn:
    """One page as one person sees it, from click to click."""

    def __init__(self, name: str, store: Path, query: Mapping[str, str] | None = None) -> None:
        from streamlit.testing.v1 import AppTest

        _scan_packages_once()
        script = f"from dashboard.app import show_page\nshow_page({name!r})\n"
        self.store = store
        self.app: AppTest = AppTest.from_string(script, default_timeout=120)
        for key, value in (query or {}).items():
            self.app.query_params[key] = value
        self.again()

    def again(self) -> Drawn:
        """The page after what was clicked or typed; a page that raises fails the test."""
        with _environment(self.store):
            self.app.run()
        assert not self.app.exception, [e.value for e in self.app.exception]
        return self

    def click(self, label: str) -> Drawn:
        """Presses the button with that label."""
        (button,) = [b for b in self.app.button if b.label == label]
        button.click()
        return self.again()

    def choose(self, label: str, value: object) -> Drawn:
        """Chooses in the list with that label."""
        (box,) = [b for b in self.app.selectbox if b.label == label]
        box.set_value(value)
        return self.again()

    @property
    def address(self) -> dict[str, str]:
        """What stands in the query of the page's address."""
        return {
            key: value if isinstance(value, str) else value[0]
            for key, value in self.app.query_params.items()
        }

    @property
    def texts(self) -> str:
        """Everything that the page says as text, whatever shows it."""
        shown = [*self.app.text, *self.app.code, *self.app.caption, *self.app.markdown]
        return "\n".join(str(element.value) for element in shown)

    @property
    def rendered(self) -> str:
        """What goes through the Markdown of the browser: where a stranger's text has no place."""
        app = self.app
        markup = [*app.markdown, *app.caption, *app.title, *app.header, *app.subheader]
        alerts = [*app.info, *app.success, *app.warning, *app.error]
        labels = [
            str(element.label)
            for kind in (app.button, app.selectbox, app.multiselect, app.text_input, app.text_area)
            for element in kind
        ]
        labels += [
            str(e.label) for kind in (app.radio, app.toggle, app.metric, app.expander) for e in kind
        ]
        return "\n".join([*(str(element.value) for element in (*markup, *alerts)), *labels])
