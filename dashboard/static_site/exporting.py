"""Writes the site: pages, the figures as CSV and Parquet, and a Markdown table for a README."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from dashboard.families import TITLES
from dashboard.static_site.agents import agents_html
from dashboard.static_site.boards import Board, board_html, board_markdown, boards
from dashboard.static_site.markup import Markup, tag, text
from dashboard.static_site.page import page_html
from dashboard.static_site.plots import tradeoff_figures
from dashboard.static_site.reading import Reading, opened_reading
from dashboard.untrusted import csv_bytes
from results.database import quoted
from results.errors import InputError

_MARK = "judge-leaderboard.txt"
_FIGURES = """
    SELECT source, family, benchmark, split, metric, slice, value, low, high, level, method,
        clusters, worst, best, n, unit, higher_is_better, system, variant, "by", run_id, date,
        status, verified, verified_in, note
    FROM figures ORDER BY source, family, benchmark, split, metric, value DESC, system, variant
"""


@dataclass(frozen=True)
class Exported:
    """What an export wrote."""

    folder: Path
    files: tuple[Path, ...]
    figures: int


def export(store: Path, out: Path) -> Exported:
    """Writes the leaderboard of a store as a site that any web server, or a browser alone, shows.

    The folder appears whole or not at all; one that an export made before is replaced, any other
    that is not empty is refused. Raises InputError where it cannot be written.
    """
    if (
        out.exists()
        and any(out.iterdir() if out.is_dir() else [out])
        and not (out / _MARK).is_file()
    ):
        raise InputError(f"{out} is no folder that an export made; name another, or empty it.")
    beginning = out.with_name(f".{out.name}.{secrets.token_hex(4)}.new")
    try:
        beginning.mkdir(parents=True)
        try:
            with opened_reading(store) as reading:
                figures = _write(reading, beginning)
            files = sorted(path.name for path in beginning.iterdir())
            if out.exists():
                shutil.rmtree(out)
            beginning.replace(out)
        finally:
            shutil.rmtree(beginning, ignore_errors=True)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}.") from error
    return Exported(out, tuple(out / name for name in files), figures)


def _write(reading: Reading, folder: Path) -> int:
    found = boards(reading)
    when = (
        f"Results as of {reading.published_at[:16].replace('T', ' ')} UTC."
        if reading.published_at
        else "No run has been stored yet; these are the papers' figures."
    )
    pages = {
        "index.html": page_html(
            "index.html",
            "What was measured here, and apart from it what papers print. Every measured figure has"
            " its interval and n where it has them; an arrow says which way is better.",
            [*_leaderboard(found), _downloads()],
            when=when,
            has_search=True,
        ),
        "trade-offs.html": page_html(
            "trade-offs.html",
            "Accuracy against what it takes. The line joins the systems that no other beats in"
            " both; a dashed line joins a mobile variant to what it was made from.",
            tradeoff_figures(reading) or [tag("p", text("No system has both figures."))],
            when=when,
        ),
        "agents.html": page_html(
            "agents.html",
            "Agents judged requirement by requirement. Rates are over decided requirements; the"
            " worst and the best case count undecided ones as unmet and as met.",
            agents_html(reading) or [tag("p", text("No agent has been judged yet."))],
            when=when,
        ),
    }
    for name, html in pages.items():
        (folder / name).write_text(html, encoding="utf-8", newline="\n")
    rows = reading(_FIGURES)
    columns = [
        column for column, *_ in reading.connection.execute(f"DESCRIBE {_FIGURES}").fetchall()
    ]
    (folder / "figures.csv").write_bytes(csv_bytes(rows, columns))
    target = quoted(folder / "figures.parquet")
    reading.connection.execute(f"COPY ({_FIGURES}) TO {target} (FORMAT parquet)")
    (folder / "leaderboard.md").write_text(_markdown(found, when), encoding="utf-8", newline="\n")
    (folder / _MARK).write_text("Made by judge leaderboard --export.\n", encoding="utf-8")
    return len(rows)


def _leaderboard(found: list[Board]) -> list[Markup]:
    families = dict.fromkeys(board.family for board in found)
    links = [tag("a", text(TITLES[family]), href=f"#{_anchor(family)}") for family in families]
    parts: list[Markup] = [tag("nav", *links, aria_label="Families", cls="families")]
    titled = ""
    for board in found:
        if board.family != titled:
            titled = board.family
            parts.append(tag("h2", text(TITLES[titled]), id=_anchor(titled)))
        parts.append(board_html(board))
    return parts


def _anchor(family: str) -> str:
    return f"family-{family.lower().replace(' ', '-')}"


def _downloads() -> Markup:
    links = [
        tag("a", text(words), href=name)
        for name, words in (
            ("figures.csv", "all figures as CSV"),
            ("figures.parquet", "as Parquet"),
            ("leaderboard.md", "tables as Markdown"),
        )
    ]
    joined = [links[0], text(", "), links[1], text(", "), links[2]]
    return tag("p", text("Take along: "), *joined, text("."))


def _markdown(found: list[Board], when: str) -> str:
    parts = []
    for board in found:
        kind = "published" if board.is_published else "measured"
        parts.append(f"### {TITLES[board.family]}, {kind}\n\n{board_markdown(board)}\n")
    return "\n".join([*parts, when, ""])
