"""Leaderboards as HTML tables and as Markdown: which rows and columns, and what stands in cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.agreement_runs import Query
from dashboard.families import TITLES
from dashboard.figures import Column
from dashboard.ranking import ROWS_A_PAGE, Asked, Cell, Row, columns, families, table
from dashboard.static_site.markup import Markup, tag, text
from dashboard.units import span, title, written
from dashboard.untrusted import name

MOST_COLUMNS = 8
MOST_ROWS = 2_000
_VERIFIED = {
    "true": "verified",
    "secondary": "second-hand",
    "recomputed": "recomputed",
    "approx": "read off a figure",
    "false": "not verified",
}


@dataclass(frozen=True)
class Board:
    """One table: a family's runs, or what papers print of it."""

    family: str
    is_published: bool
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: int

    @property
    def id(self) -> str:
        kind = "published" if self.is_published else "measured"
        return f"{self.family.lower().replace(' ', '-')}-{kind}"

    @property
    def caption(self) -> str:
        kind = "published in papers" if self.is_published else "measured"
        cut = f", the first {len(self.rows)} of {self.total}" if self.total > len(self.rows) else ""
        return f"{TITLES[self.family]}, {kind}: {len(self.rows)} rows{cut}"


def boards(query: Query) -> list[Board]:
    """The tables of every family that has figures, measured ones first."""
    found = []
    for family in families(query):
        for rows in ("run", "paper"):
            asked = Asked(family, rows)
            wanted = tuple(columns(query, asked, MOST_COLUMNS))
            if wanted:
                found.append(_board(query, asked, wanted))
    return found


def _board(query: Query, asked: Asked, wanted: Sequence[Column]) -> Board:
    kept: list[Row] = []
    total = 0
    while len(kept) < MOST_ROWS:
        page = table(query, asked, wanted, page=len(kept) // ROWS_A_PAGE)
        total = page.total
        kept += page.rows
        if not page.rows or len(kept) >= total:
            break
    return Board(asked.family, asked.rows == "paper", tuple(wanted), tuple(kept), total)


def board_html(board: Board) -> Markup:
    """The table, each figure with its interval and n; heads are buttons that sort."""
    heads = ["System", "Variant", "Paper" if board.is_published else "Scored by"]
    cells = [_head(head, nth) for nth, head in enumerate(heads)]
    cells += [
        _head(column_label(column), len(heads) + nth, is_figure=True)
        for nth, column in enumerate(board.columns)
    ]
    cells.append(_head("Status" if board.is_published else "Date", len(cells)))
    body = [tag("tr", _cells(row, board), data_search=_searched(row)) for row in board.rows]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", text(board.caption)),
            tag("thead", tag("tr", *cells)),
            tag("tbody", *body),
            id=board.id,
        ),
        cls="wide",
        tabindex="0",
        role="region",
        aria_label=board.caption,
    )


def board_markdown(board: Board, most: int = 20) -> str:
    """The first rows as a Markdown table, in which names are code and nothing is markup."""
    heads = ["system", "variant", *(column_label(column) for column in board.columns[:6])]
    lines = [
        f"| {' | '.join(_code(head) for head in heads)} |",
        f"| {' | '.join(['---'] * 2 + ['---:'] * (len(heads) - 2))} |",
    ]
    for row in board.rows[:most]:
        figures = [
            written(cell.value, column.unit)
            for cell, column in zip(row.cells[:6], board.columns, strict=False)
        ]
        lines.append(f"| {' | '.join([_code(row.system), _code(row.variant), *figures])} |")
    return "\n".join(lines)


def column_label(column: Column) -> str:
    """The head of a column; an arrow says which way is better."""
    arrow = "" if column.higher_is_better is None else " ↑" if column.higher_is_better else " ↓"
    split = "" if column.split in ("", "-") else f" {column.split}"
    return name(f"{column.benchmark}{split} · {title(column.metric)}", 70) + arrow


def _head(label: str, nth: int, *, is_figure: bool = False) -> Markup:
    button = tag("button", text(label), type="button", data_column=str(nth))
    return tag("th", button, scope="col", aria_sort="none", cls="figure" if is_figure else "words")


def _cells(row: Row, board: Board) -> Markup:
    by = str(row.about.get("by") or "")
    cells = [
        tag("th", text(name(row.system)), scope="row"),
        tag("td", text(name(row.variant))),
        tag("td", text(name(by))),
    ]
    cells += [_figure(cell, column) for cell, column in zip(row.cells, board.columns, strict=True)]
    if board.is_published:
        said = [_VERIFIED.get(each, each) for each in row.about.get("verified") or ()]
        cells.append(tag("td", text(", ".join(said))))
    else:
        cells.append(tag("td", text(name(row.about.get("date")))))
    return Markup("".join(cells))


def _figure(cell: Cell, column: Column) -> Markup:
    if cell.value is None:
        return tag("td", text("–"), cls="figure none", data_value="")
    low, high, kind = cell.low, cell.high, ""
    if low is None and cell.worst is not None and cell.worst != cell.best:
        low, high, kind = cell.worst, cell.best, " worst to best"
    inner = [text(written(cell.value, column.unit))]
    said = span(low, high, column.unit)
    n = "" if cell.n is None else f"n {cell.n:,}"
    more = " · ".join(part for part in (said + kind if said else "", n) if part)
    if more:
        inner.append(tag("small", text(more)))
    return tag("td", *inner, cls="figure", data_value=repr(float(cell.value)))


def _searched(row: Row) -> str:
    return " ".join((row.system, row.variant, str(row.about.get("by") or ""))).lower()[:400]


def _code(words: str) -> str:
    """A name as code, so that nothing of it is Markdown."""
    shown = name(words).replace("`", "'").replace("|", "¦")
    return f"`{shown}`" if shown else ""
