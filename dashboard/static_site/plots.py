"""Pictures as SVG: what accuracy costs, and where agents meet their requirements."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dashboard.agreement_runs import Query
from dashboard.families import TITLES
from dashboard.figures import MEASURED, PUBLISHED, Column
from dashboard.ranking import families
from dashboard.static_site.boards import column_label
from dashboard.static_site.markup import Markup, tag, text
from dashboard.tradeoffs import Point, costs, front, points, qualities
from dashboard.units import written
from dashboard.untrusted import name

WIDTH, HEIGHT = 860, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 20, 56
_MOST_COSTS = 3
_SPAN_FOR_LOG = 20.0


def tradeoff_figures(query: Query) -> list[Markup]:
    """For each family a picture of its commonest quality against what systems take."""
    drawn = []
    for family in families(query):
        for source in (MEASURED, PUBLISHED):
            found = qualities(query, source, family)
            if not found:
                continue
            y = found[0].column
            for axis in costs(query, source, family, y)[:_MOST_COSTS]:
                of = points(query, source, family, axis.column, y)
                if len(of) > 1:
                    drawn.append(_figure(family, source, axis.column, y, of))
    return drawn


def _figure(family: str, source: str, x: Column, y: Column, of: Sequence[Point]) -> Markup:
    label = f"{TITLES[family]}, {source}: {column_label(y)} against {column_label(x)}"
    best = ", ".join(name(f"{p.system} {p.variant}".strip()) for p in front(of)[:12])
    caption = tag(
        "figcaption",
        tag("strong", text(label)),
        text(f". {len(of)} systems; none is better in both than {best}."),
    )
    return tag("figure", scatter(x, y, of, label), caption, cls="plot")


def scatter(x: Column, y: Column, of: Sequence[Point], label: str) -> Markup:
    """Points with the front as a line and variants joined to what they were made from."""
    across = _Scale([p.x for p in of], _LEFT, WIDTH - _RIGHT, may_log=True)
    up = _Scale([p.y for p in of], HEIGHT - _BOTTOM, _TOP)
    parts = [tag("title", text(label))]
    for tick in across.ticks():
        at = f"{across(tick):.1f}"
        parts.append(_line(at, str(_TOP), at, str(HEIGHT - _BOTTOM), "grid"))
        parts.append(_words(at, str(HEIGHT - _BOTTOM + 18), _tick(tick), "middle"))
    for tick in up.ticks():
        at = f"{up(tick):.1f}"
        parts.append(_line(str(_LEFT), at, str(WIDTH - _RIGHT), at, "grid"))
        parts.append(_words(str(_LEFT - 8), f"{up(tick) + 4:.1f}", _tick(tick), "end"))
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(_words(f"{middle:.0f}", str(HEIGHT - 12), _axis(x, across), "middle"))
    parts.append(
        tag(
            "text",
            text(_axis(y, up)),
            x="16",
            y=f"{(_TOP + HEIGHT - _BOTTOM) / 2:.0f}",
            text_anchor="middle",
            transform=f"rotate(-90 16 {(_TOP + HEIGHT - _BOTTOM) / 2:.0f})",
        )
    )
    best = front(of)
    if len(best) > 1:
        places = " ".join(f"{across(p.x):.1f},{up(p.y):.1f}" for p in best)
        parts.append(tag("polyline", points=places, cls="front"))
    for point in of:
        if point.parent is not None:
            other = of[point.parent]
            start = f"{across(other.x):.1f}", f"{up(other.y):.1f}"
            end = f"{across(point.x):.1f}", f"{up(point.y):.1f}"
            parts.append(_line(*start, *end, "variant"))
    for point in of:
        parts.append(_dot(point, x, y, across, up))
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=label,
        xmlns="http://www.w3.org/2000/svg",
    )


class _Scale:
    """Where a value stands between two ends; by its logarithm where values span much."""

    def __init__(
        self, values: Sequence[float], start: float, end: float, *, may_log: bool = False
    ) -> None:
        low, high = min(values), max(values)
        self.is_log = may_log and low > 0 and high / low > _SPAN_FOR_LOG
        if self.is_log:
            low, high = math.log10(low), math.log10(high)
        pad = (high - low) * 0.06 or max(abs(high) * 0.1, 1.0)
        self.low, self.high = low - pad, high + pad
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        place = math.log10(value) if self.is_log else value
        return self.start + (place - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values within the ends."""
        if self.is_log:
            exponents = range(math.floor(self.low), math.ceil(self.high) + 1)
            steps = (1, 2, 5) if self.high - self.low < 3 else (1,)
            found = [step * 10.0**exponent for exponent in exponents for step in steps]
            return [tick for tick in found if self.low <= math.log10(tick) <= self.high]
        raw = (self.high - self.low) / 6
        size = 10.0 ** math.floor(math.log10(raw))
        step = next(size * part for part in (1, 2, 5, 10) if size * part >= raw)
        first = math.ceil(self.low / step)
        return [step * nth for nth in range(first, math.floor(self.high / step) + 1)]


def _dot(point: Point, x: Column, y: Column, across: _Scale, up: _Scale) -> Markup:
    who = name(f"{point.system} {point.variant}".strip())
    said = f"{who}: {written(point.y, y.unit)} at {written(point.x, x.unit)}"
    at_x, at_y = across(point.x), up(point.y)
    dot = tag(
        "circle",
        tag("title", text(said)),
        cx=f"{at_x:.1f}",
        cy=f"{at_y:.1f}",
        r="5" if point.is_best else "4",
        cls="best" if point.is_best else "dot",
    )
    if not point.is_best:
        return dot
    anchor = "end" if at_x > WIDTH * 0.75 else "start"
    shift = -9 if anchor == "end" else 9
    return Markup(dot + _words(f"{at_x + shift:.1f}", f"{at_y - 7:.1f}", who[:32], anchor))


def _axis(column: Column, scale: _Scale) -> str:
    unit = f" ({column.unit})" if column.unit else ""
    return f"{column_label(column)}{unit}{', by powers of ten' if scale.is_log else ''}"


def _tick(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def _line(x1: str, y1: str, x2: str, y2: str, cls: str) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, cls=cls)


def _words(x: str, y: str, words: str, anchor: str) -> Markup:
    return tag("text", text(words), x=x, y=y, text_anchor=anchor)
