"""Reports cut short: without their end, without a section that is asked for, without a figure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from judge.calibration.good import Known
from judge.calibration.mutation import Kind, Mutation
from judge.calibration.stand_ins import LOREM

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_WORD = re.compile(r"[a-z]{4,}")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)|<img\b[^>]*>", re.I)
_WANTS_FIGURE = re.compile(
    r"\b(?:shows?|embeds?|displays?|includ\w+|contain\w+)\b[^.]*\b(?:matrix|figures?|plots?|images?"
    r"|charts?|visuali[sz]ations?)\b",
    re.I,
)
STEM = 6


@dataclass(frozen=True)
class _Section:
    """The 0-based lines of a section, its heading's line first and its end exclusive."""

    title: str
    level: int
    start: int
    end: int


def report_mutations(known: Known) -> Iterator[Mutation]:
    """Mutations of the Markdown reports that requirements want."""
    for requirement in known.requirements:
        number = requirement.requirement_id
        if not known.needs_all_it_names(number):
            continue
        for path in known.places(number).artifacts:
            if path.endswith((".md", ".markdown")) and known.workspace.has(path):
                yield from _of_report(known, number, path)


def _of_report(known: Known, number: int, path: str) -> Iterator[Mutation]:
    text = known.text(path)
    lines = text.splitlines()
    sections = _sections(lines)
    asked = _stems(known.plain(number))
    named = [s for s in sections if s.level > 1 and _stems(s.title) & asked]
    leaves = known.left_alone(frozenset((path,))) - {number}

    def mutation(how: str, kept: list[str]) -> Mutation:
        content = ("\n".join(kept) + "\n").encode()
        return Mutation(
            Kind.TRUNCATED, f"{path}: {how}", frozenset((number,)), leaves, {path: content}
        )

    if named and lines:
        yield mutation("its title alone", lines[:1])
        kept = {section.start for section in sections}
        filled = [
            lines[at] if at in kept else LOREM if lines[at].strip() else ""
            for at in range(len(lines))
        ]
        yield mutation("its headings over filler", filled)
        yield mutation("its headings alone", [lines[at] for at in sorted(kept)])
    for section in named:
        wanted = _stems(section.title) & asked
        shown = section.title[:40]
        before, after = lines[: section.start], lines[section.end :]
        if not wanted & _stems("\n".join(before)):
            yield mutation(f"ends before {shown!r}", before)
        if not wanted & _stems("\n".join(before + after)):
            yield mutation(f"without the section {shown!r}", before + after)
            heading = lines[section.start : section.start + 1]
            yield mutation(f"nothing under {shown!r}", [*before, *heading, "", *after])
            yield mutation(f"{shown!r} still to do", [*before, *heading, "", "TODO", "", *after])
    if _WANTS_FIGURE.search(known.plain(number)) and len(_IMAGE.findall(text)) == 1:
        yield mutation("without its figure", _IMAGE.sub("", text).splitlines())


def _sections(lines: list[str]) -> list[_Section]:
    headings: list[tuple[int, int, str]] = []
    is_fenced = False
    for at, line in enumerate(lines):
        if line.lstrip().startswith(("```", "~~~")):
            is_fenced = not is_fenced
        match = None if is_fenced else _HEADING.match(line)
        if match is not None:
            headings.append((at, len(match.group(1)), match.group(2)))
    return [
        _Section(
            title,
            level,
            at,
            next((a for a, other, _ in headings if a > at and other <= level), len(lines)),
        )
        for at, level, title in headings
    ]


def _stems(text: str) -> set[str]:
    return {word[:STEM] for word in _WORD.findall(text.lower())}
