"""Reader for HTML: what the page shows, and the controls, pictures and scripts in it."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.source import Source
from judge.workspace.standins import numbers_in, stand_in, words_in
from judge.workspace.texts import text_of

MOST_BYTES = 8 << 20
MOST_ELEMENTS = 100_000
_CHUNK = 1 << 18
MOST_SHOWN_CHARS = 2_000_000
MOST_LISTED = 100
_HIDDEN = frozenset({"script", "style", "template", "noscript"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BREAKING = frozenset("p div br li tr td th section table ul ol body main article option".split())
_DRAWN = frozenset({"img", "svg", "canvas", "video", "audio", "iframe", "object", "embed"})
_INPUTS = frozenset({"input", "textarea", "select"})
_PROSE = re.compile(r"<[a-zA-Z!/]")


class _Page(HTMLParser):
    """Collects what a page holds in one pass, without building a tree."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.counts: Counter[str] = Counter()
        self.shown: list[str] = []
        self.shown_chars = 0
        self.headings: list[str] = []
        self.scripts: list[str] = []
        self.images: list[str] = []
        self.identifiers: list[str] = []
        self.script_chars = 0
        self.title = ""
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type", "").lower() in ("button", "submit"):
            self.counts["button"] += 1
        if tag == "script" and given.get("src"):
            _note(self.scripts, given["src"])
        if tag == "img" and given.get("src"):
            _note(self.images, given["src"])
        if given.get("id"):
            _note(self.identifiers, given["id"])
        for name in ("placeholder", "value", "alt"):
            if given.get(name) and tag in (*_INPUTS, "img"):
                self._show(f" {given[name]} ")
        if tag in _HIDDEN or tag in _HEADINGS or tag == "title":
            self._within = [*self._within[-20:], tag]
        if tag in _HEADINGS:
            self.headings.append("")
        if tag in _BREAKING or tag in _HEADINGS:
            self._show("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._within:
            del self._within[len(self._within) - 1 - self._within[::-1].index(tag) :]
        if tag in _BREAKING or tag in _HEADINGS:
            self._show("\n")

    def handle_data(self, data: str) -> None:
        within = self._within[-1] if self._within else ""
        if within == "script":
            self.script_chars += len(data.strip())
        elif within == "title":
            self.title = (self.title + data)[:200]
        elif within not in _HIDDEN:
            self._show(data)
            if within in _HEADINGS and self.headings:
                self.headings[-1] = (self.headings[-1] + data)[:200]

    def _show(self, text: str) -> None:
        if self.shown_chars < MOST_SHOWN_CHARS:
            self.shown.append(text)
            self.shown_chars += len(text)


def _note(listed: list[str], value: str) -> None:
    if len(listed) < MOST_LISTED and not value.startswith("data:"):
        listed.append(value[:300])


def read_html(source: Source) -> Found:
    text, cuts = text_of(source, MOST_BYTES)
    if not text.strip():
        sign = "it holds only white space"
        return Found("html", source.format, ArtifactState.EMPTY, signs=(sign,))
    if not _PROSE.search(text):
        raise Damaged("it holds no html element")
    page = _Page()
    for at in range(0, len(text), _CHUNK):
        if page.counts.total() > MOST_ELEMENTS:
            cuts = (f"characters after {at}",)
            break
        page.feed(text[at : at + _CHUNK])
    else:
        page.close()
    shown = "\n".join(
        line for line in (" ".join(row.split()) for row in "".join(page.shown).split("\n")) if line
    )
    count = page.counts
    facts = {
        "title": page.title.strip(),
        "words": words_in(shown),
        "numbers": numbers_in(shown),
        "elements": count.total(),
        "headings": [
            heading for heading in (" ".join(h.split()) for h in page.headings) if heading
        ][:MOST_LISTED],
        "images": sum(count[tag] for tag in _DRAWN),
        "image_links": [i for i in page.images if not i.startswith(("http:", "https:", "//"))],
        "tables": count["table"],
        "rows": count["tr"],
        "forms": count["form"],
        "inputs": sum(count[tag] for tag in _INPUTS),
        "buttons": count["button"],
        "links": count["a"],
        "scripts": count["script"],
        "script_chars": page.script_chars,
        "external_scripts": page.scripts,
        "ids": page.identifiers,
    }
    if not count:
        raise Damaged("it holds no html element")
    lives = page.script_chars > 0 or page.scripts or facts["images"] or facts["inputs"]
    told = None if lives else stand_in(shown)
    if not lives and not facts["words"] and cuts:
        raise Unread("what was read of it shows nothing, and the rest was not read")
    if not lives and not facts["words"]:
        sign = "its page shows nothing"
        return Found("html", source.format, ArtifactState.EMPTY, facts, shown, (sign,), cuts)
    if told is not None:
        return Found("html", source.format, ArtifactState.PLACEHOLDER, facts, shown, (told,), cuts)
    return Found("html", source.format, facts=facts, text=shown, cuts=cuts)
