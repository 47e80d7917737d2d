"""What a written artifact says: its sections, its pictures, and whether it is prose at all."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from posixpath import dirname, normpath

from judge.workspace import Artifact, Workspace

FEWEST_SECTION_WORDS = 6
MOST_CHARACTERS = 200_000

_MARKDOWN_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
_BOLD_HEADING = re.compile(r"^\s*(?:\*\*|__)([^*_]{2,70})(?:\*\*|__):?\s*$")
_NUMBERED_HEADING = re.compile(
    r"^\s*(?:\d{1,2}(?:\.\d{1,2})*[.)]?|[IVX]{1,4}\.)\s+([A-Z][^.!?]{1,70})$"
)
_PLAIN_HEADING = re.compile(r"^\s*([A-Z][\w&/()',-]*(?:[ -][\w&/()',-]+){0,7}):?\s*$")
_HTML_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1\s*>", re.I | re.S)
_TAG = re.compile(r"<[^>]+>")
_IMAGE_LINK = re.compile(
    r"!\[[^\]]*\]\(\s*<?([^)\s>]+)|<img\b[^>]*?\bsrc\s*=\s*[\"']?([^\"'>\s]+)", re.I
)
_PLAIN_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(\s*<?([^)\s>]+\.(?:png|jpe?g|gif|svg|html?))", re.I)
_STAND_IN = re.compile(
    r"\b(?:todo|tbd|fixme|to be (?:added|filled|written|done|completed|determined)|placeholder|"
    r"lorem ipsum|coming soon|goes? here|not (?:yet )?(?:available|implemented|written))\b",
    re.I,
)
_WORD = re.compile(r"[A-Za-z][\w'-]*|\d[\d.,]*")


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, sections below it included."""

    title: str
    level: int
    body: str

    @property
    def is_filled(self) -> bool:
        """Whether something is said under the heading: words, a table, a picture."""
        shown = _IMAGE_LINK.search(self.body) or "|" in self.body or "data:image" in self.body
        words = len(_WORD.findall(_TAG.sub(" ", self.body)))
        if words < FEWEST_SECTION_WORDS:
            return bool(shown) or bool(re.search(r"\d", self.body))
        return not (_STAND_IN.search(self.body) and words < 25)


@dataclass(frozen=True)
class Report:
    """A written artifact, taken apart."""

    text: str
    sections: tuple[Section, ...]
    pictures: int  # embedded, or linked by a path that exists
    broken_links: tuple[str, ...]

    @property
    def words(self) -> int:
        return len(_WORD.findall(self.text))

    def titled(self, topic: re.Pattern[str]) -> tuple[Section, ...]:
        return tuple(
            section
            for number, section in enumerate(self.sections)
            if topic.search(section.title) and not self._is_document_title(number)
        )

    def _is_document_title(self, number: int) -> bool:
        """Whether a heading stands over all others, as the title of the whole does."""
        return (
            number == 0
            and len(self.sections) > 2
            and all(other.level > self.sections[0].level for other in self.sections[1:])
        )

    def sentence_with(self, topic: re.Pattern[str]) -> str:
        """A sentence of five words or more, or a line with a number, that speaks of a topic."""
        headings = {section.title for section in self.sections}
        for part in re.split(r"(?<=[.!?])\s+|\n", self.text):
            line = part.strip()
            if line.lstrip("# ").strip() in headings or _STAND_IN.search(line):
                continue
            said = len(_WORD.findall(line)) >= 5 or re.search(r"\d", line)
            if said and topic.search(line):
                return line
        return ""


def read_report(workspace: Workspace, artifact: Artifact) -> Report:
    """Takes a written artifact apart; never raises for what it holds."""
    raw = workspace.text(artifact.path) if artifact.format != "pdf" else None
    pictures = int(artifact.facts.get("images") or 0)
    broken: tuple[str, ...] = ()
    if artifact.kind == "html" and raw is not None:
        text, sections = artifact.text, _html_sections(raw[:2_000_000])
        pictures, broken = _linked(workspace, artifact.path, raw, pictures)
        pictures += len(re.findall(r"<(?:canvas|svg)\b|Plotly\.newPlot|Bokeh\.|data:image", raw))
    elif artifact.kind == "notebook":
        text = _notebook_prose(raw or "")
        sections = _sections(text, plain_headings=False)
        linked, broken = _linked(workspace, artifact.path, text, 0)
        pictures += linked
        text = f"{text}\n{artifact.text}"
    else:
        text = artifact.text
        is_markdown = artifact.kind == "markdown"
        sections = _sections(text, plain_headings=not is_markdown)
        embedded = pictures if artifact.kind == "document" else 0
        pictures, broken = _linked(workspace, artifact.path, text, embedded)
    return Report(text[:MOST_CHARACTERS], sections, pictures, broken)


def _linked(
    workspace: Workspace, path: str, text: str, embedded: int
) -> tuple[int, tuple[str, ...]]:
    """(pictures that show, links that lead nowhere)."""
    broken: list[str] = []
    shown = 0
    links = [m.group(1) or m.group(2) for m in _IMAGE_LINK.finditer(text)]
    links += [m.group(1) for m in _PLAIN_LINK.finditer(text)]
    for link in links[:200]:
        if link.startswith(("http://", "https://", "data:")):
            shown += 1
            continue
        target = resolve_link(workspace, path, link)
        if target is None:
            broken.append(link)
        elif workspace.artifact(target).is_valid:
            shown += 1
    return max(embedded, shown), tuple(dict.fromkeys(broken))


def resolve_link(workspace: Workspace, path: str, link: str) -> str | None:
    """The workspace file that a relative link of a file leads to, or None."""
    plain = link.split("#")[0].split("?")[0].replace("%20", " ")
    candidates = [normpath(f"{dirname(path)}/{plain}").lstrip("/"), normpath(plain).lstrip("/")]
    parts = plain.strip("/").split("/")
    if plain.startswith("/"):
        # An absolute path of the machine on which the agent worked.
        candidates += ["/".join(parts[at:]) for at in range(1, len(parts))]
    return next((c for c in candidates if workspace.has(c)), None)


def _sections(text: str, *, plain_headings: bool) -> tuple[Section, ...]:
    lines = text[:MOST_CHARACTERS].splitlines()
    found: list[tuple[int, int, str]] = []  # line, level, title
    is_fenced = False
    for number, line in enumerate(lines):
        if line.lstrip().startswith(("```", "~~~")):
            is_fenced = not is_fenced
            continue
        if is_fenced:
            continue
        heading = _heading(lines, number, plain_headings=plain_headings)
        if heading is not None:
            found.append((number, *heading))
    sections: list[Section] = []
    for at, (number, level, title) in enumerate(found):
        end = next((n for n, other, _ in found[at + 1 :] if other <= level), len(lines))
        inner = {n for n, _, _ in found[at + 1 :] if n < end}
        body = "\n".join(
            line
            for n, line in enumerate(lines[number + 1 : end], start=number + 1)
            if n not in inner and not re.fullmatch(r"\s*[-=_*]{3,}\s*", line)
        )
        sections.append(Section(title, level, body))
    return tuple(sections)


def _heading(lines: list[str], number: int, *, plain_headings: bool) -> tuple[int, str] | None:
    line = lines[number]
    match = _MARKDOWN_HEADING.match(line)
    if match:
        return len(match.group(1)), match.group(2).strip()
    following = lines[number + 1] if number + 1 < len(lines) else ""
    if re.fullmatch(r"={3,}\s*|-{3,}\s*", following) and line.strip() and "|" not in line:
        return (1 if following.startswith("=") else 2), line.strip()
    match = _BOLD_HEADING.match(line) or _NUMBERED_HEADING.match(line)
    if match:
        return 6, match.group(1).strip()
    if plain_headings and len(line.strip()) <= 60 and following.strip():
        match = _PLAIN_HEADING.match(line)
        if match and not re.search(r"\d", line) and len(following) > len(line) * 0.8:
            return 6, match.group(1).strip()
    return None


def _html_sections(raw: str) -> tuple[Section, ...]:
    found = list(_HTML_HEADING.finditer(raw))
    sections: list[Section] = []
    for at, match in enumerate(found):
        level = int(match.group(1))
        end = next((m.start() for m in found[at + 1 :] if int(m.group(1)) <= level), len(raw))
        body = re.sub(r"<style\b.*?</style>", " ", raw[match.end() : end], flags=re.I | re.S)
        title = " ".join(_TAG.sub(" ", match.group(2)).split())
        sections.append(Section(title, level, body[:MOST_CHARACTERS]))
    return tuple(sections)


def _notebook_prose(raw: str) -> str:
    """The markdown cells of a notebook, with its code cells as indented text between them."""
    try:
        cells = json.loads(raw).get("cells", [])
    except (ValueError, AttributeError, RecursionError):
        return ""
    parts: list[str] = []
    for cell in cells if isinstance(cells, list) else []:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", "")
        text = "".join(map(str, source)) if isinstance(source, list) else str(source)
        if cell.get("cell_type") == "markdown":
            parts.append(text)
        elif text.strip():
            parts.append("\n".join(f"    {row}" for row in text.splitlines()))
    return "\n\n".join(parts)


def is_prose(text: str) -> bool:
    """Whether a text says something in sentences, as opposed to a list of words."""
    sentences = [
        part
        for part in re.split(r"(?<=[.!?:])\s+|\n", text)
        if len(re.findall(r"[A-Za-z]+", part)) >= 5 and part.count(",") * 2 < len(part.split())
    ]
    return len(sentences) >= 2 or (len(sentences) == 1 and bool(re.search(r"\d", text)))


def repeats(text: str, asked: str, *, share: float = 0.6) -> bool:
    """Whether most of a text is word for word what the task itself says."""
    words = [word.lower() for word in _WORD.findall(text)]
    if len(words) < 8:
        return False
    said = " ".join(word.lower() for word in _WORD.findall(asked))
    grams = [" ".join(words[at : at + 5]) for at in range(len(words) - 4)]
    return sum(gram in said for gram in grams) / len(grams) > share
