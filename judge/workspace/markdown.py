"""Reader for Markdown: headings, whether their sections hold anything, pictures, tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from judge.workspace.artifact import ArtifactState, Found
from judge.workspace.source import Source
from judge.workspace.standins import stand_in
from judge.workspace.texts import judged_text, text_facts, text_of

MOST_HEADINGS = 200
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t#]*$")
_FENCE = re.compile(r"[ ]{0,3}(```+|~~~+)")
_IMAGE = re.compile(
    r"!\[[^\]\n]{0,300}\]\(\s*<?([^)\s>]{1,500})|<img\b[^>\n]{0,300}?src=[\"']([^\"'\n]{1,500})"
)
_LINK = re.compile(r"(?<!!)\[[^\]\n]{0,300}\]\(\s*<?([^)\s>]{1,500})")
_TABLE_RULE = re.compile(r"^[ \t]*(?=[^|\n]*\|)\|?[ \t]*:?-{2,}[-:| \t]*$", re.M)
_REMOTE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//|#)", re.I)


@dataclass
class _Section:
    title: str
    level: int
    body: list[str]


def read_markdown(source: Source) -> Found:
    text, cuts = text_of(source)
    sections = _sections(text)
    titled = [section for section in sections if section.title]
    empty = [section.title for section, is_empty in _emptiness(sections) if is_empty]
    images = [a or b for a, b in _IMAGE.findall(text)]
    facts = {
        **text_facts(text),
        "headings": [section.title[:120] for section in titled[:MOST_HEADINGS]],
        "empty_sections": empty[:MOST_HEADINGS],
        "images": len(images),
        "image_links": list(dict.fromkeys(i for i in images if not _REMOTE.match(i)))[:100],
        "links": list(dict.fromkeys(_LINK.findall(text)))[:100],
        "tables": len(_TABLE_RULE.findall(text)),
        "code_blocks": sum(bool(_FENCE.match(line)) for line in text.splitlines()) // 2,
    }
    found = judged_text("markdown", source.format, text, facts, cuts)
    if found.state is not ArtifactState.VALID:
        return found
    if titled and not images and all(is_empty for _, is_empty in _emptiness(sections)):
        sign = "it holds headings and nothing below them"
        return replace(found, state=ArtifactState.PLACEHOLDER, signs=(sign,))
    return found


def _sections(text: str) -> list[_Section]:
    """The parts of a text by its headings; the first has no title. Fenced code has no headings."""
    sections = [_Section("", 0, [])]
    fence = ""
    for line in text.splitlines():
        opened = _FENCE.match(line)
        if opened:
            mark = opened.group(1)
            if not fence:
                fence = mark
            elif mark[0] == fence[0] and len(mark) >= len(fence):
                fence = ""
        heading = None if fence else _HEADING.match(line)
        if heading:
            sections.append(_Section(heading.group(2).strip(), len(heading.group(1)), []))
        elif not fence and sections[-1].body and _is_underline(line, sections[-1].body[-1]):
            title = sections[-1].body.pop().strip()
            sections.append(_Section(title, 1 if line.startswith("=") else 2, []))
        else:
            sections[-1].body.append(line)
    return sections


def _is_underline(line: str, above: str) -> bool:
    bare = line.strip()
    return (
        len(bare) >= 3
        and (set(bare) == {"="} or set(bare) == {"-"})
        and bool(above.strip())
        and "|" not in above
        and not above.lstrip().startswith(("-", "*", ">", "#"))
    )


def _emptiness(sections: list[_Section]) -> list[tuple[_Section, bool]]:
    """Each section, and whether it holds nothing: no text of its own, no lower section with any.

    A beginning without a title is left out where it is blank.
    """
    told: list[tuple[_Section, bool]] = []
    full: set[int] = set()  # levels of later sections that hold something and end no higher one
    for section in reversed(sections):
        body = "\n".join(section.body).strip()
        is_full = bool(body) and (stand_in(body) is None or bool(_IMAGE.search(body)))
        if section.title:
            is_full = is_full or any(level > section.level for level in full)
            full = {level for level in full if level <= section.level}
            if is_full:
                full.add(section.level)
        if section.title or body:
            told.append((section, not is_full))
    return told[::-1]
