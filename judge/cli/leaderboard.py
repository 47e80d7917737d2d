"""`judge leaderboard`: everything that was measured and published, in a browser."""

from __future__ import annotations

from pathlib import Path

import click

from judge.cli.calling import Call, judge_command

INTERRUPTED = 130


@judge_command(
    "leaderboard",
    touches_store=True,
    example="judge leaderboard\njudge leaderboard --port 8600 --no-browser\n"
    "judge leaderboard --export site/",
    help="Serve the leaderboard: results of the store beside the papers' published figures. It"
    " reads the published snapshot, so runs can go on; new results appear by themselves. Only this"
    " machine can reach it, unless --address says otherwise. Ctrl-C stops it.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="8501, or the next that is free.")
@click.option(
    "--address",
    default="127.0.0.1",
    show_default=True,
    help="Where to listen. There is no log-in: put a proxy with one before anything but this.",
)
@click.option("--base-path", default="", help="The path under which a proxy shows it.")
@click.option(
    "--export",
    "out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write it as a site instead: HTML that needs no server, CSV, Parquet and Markdown.",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
def command(
    call: Call,
    *,
    port: int | None,
    address: str,
    base_path: str,
    out: Path | None,
    no_browser: bool,
) -> int:
    if out is not None:
        return _export(call, out)
    from dashboard.serving import ended_by_signals, serving

    with serving(
        call.store, call.run_dir, address=address, port=port, base_path=base_path
    ) as server:
        call.answer(
            {"url": server.url, "store": str(call.store), "run_dir": str(call.run_dir)},
            f"leaderboard at {server.url} (Ctrl-C stops it)",
        )
        if call.shows_progress and not no_browser:
            import webbrowser

            webbrowser.open(server.url)
        with ended_by_signals(server.process.terminate) as told:
            try:
                status = server.wait()
            except KeyboardInterrupt:
                return INTERRUPTED
    return 0 if told.is_set() else status


def _export(call: Call, out: Path) -> int:
    from dashboard.static_site import export

    exported = export(call.store, out)
    files = [str(path) for path in exported.files]
    call.answer(
        {"folder": str(exported.folder), "files": files, "figures": exported.figures},
        f"{exported.figures} figures in {out / 'index.html'}",
    )
    return 0
