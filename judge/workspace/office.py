"""Reader for docx, pptx and xlsx: text, tables, pictures and charts."""

from __future__ import annotations

import io
from itertools import islice
from typing import Any

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.source import Source
from judge.workspace.standins import numbers_in, stand_in, words_in
from judge.workspace.zips import check_members, open_zip

MOST_BYTES = 48 << 20
MOST_XML_BYTES = 24 << 20  # parsed, it takes some ten times that
MOST_PARAGRAPHS = 20_000
MOST_ROWS = 500
MOST_COLUMNS = 100
MOST_SHEETS = 50
_PROMISED = {"docx": "word/document.xml", "pptx": "ppt/presentation.xml", "xlsx": "xl/workbook.xml"}


def read_office(source: Source) -> Found:
    if source.beginning(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unread("it is encrypted, or in the old binary format, which is not read")
    if source.format not in _PROMISED:
        raise Unread(f"{source.format} documents are not read")
    content = source.content(MOST_BYTES)
    with open_zip(source) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        if _PROMISED[source.format] not in names:
            raise Damaged(f"it has no {_PROMISED[source.format]}")
        xml = [m for m in members if m.filename.endswith((".xml", ".rels"))]
        if sum(member.file_size for member in xml) > MOST_XML_BYTES:
            raise Unread("its unpacked size is beyond what is read")
        unchecked = check_members(archive, members)
    facts: dict[str, Any] = {
        "images": sum("/media/" in name for name in names),
        "charts": sum("/charts/chart" in name for name in names),
    }
    readers = {"docx": _docx, "pptx": _pptx, "xlsx": _xlsx}
    told, text, cuts = readers[source.format](io.BytesIO(content))
    facts = {**told, "words": words_in(text), "numbers": numbers_in(text), **facts}
    return _judged(source.format, facts, text, (*unchecked, *cuts))


def _judged(format: str, facts: dict[str, Any], text: str, cuts: tuple[str, ...]) -> Found:
    pictures = facts["images"] + facts["charts"]
    if facts["words"] == 0 and not pictures:
        sign = "it holds neither text nor a picture"
        return Found("document", format, ArtifactState.EMPTY, facts, signs=(sign,))
    if format == "xlsx" and facts["rows"] == 1 and not facts["numbers"] and not pictures:
        sign = "a header without a row"
        return Found("document", format, ArtifactState.EMPTY, facts, text, (sign,))
    told = stand_in(text) if not pictures else None
    if told is not None:
        return Found("document", format, ArtifactState.PLACEHOLDER, facts, text, (told,), cuts)
    return Found("document", format, facts=facts, text=text, cuts=cuts)


def _docx(file: io.BytesIO) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    import docx
    from docx.oxml.ns import qn

    document = docx.Document(file)
    parts: list[str] = []
    headings: list[str] = []
    paragraphs = document.element.body.iter(qn("w:p"))
    for paragraph in islice(paragraphs, MOST_PARAGRAPHS):
        text = "".join(piece.text or "" for piece in paragraph.iter(qn("w:t"))).strip()
        if not text:
            continue
        parts.append(text)
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        name = style.get(qn("w:val"), "") if style is not None else ""
        if name.startswith(("Heading", "Title")):
            headings.append(text[:120])
    cuts = (f"paragraphs after {MOST_PARAGRAPHS}",) if next(paragraphs, None) is not None else ()
    facts = {"tables": len(document.tables), "headings": headings[:200]}
    return facts, "\n".join(parts), cuts


def _pptx(file: io.BytesIO) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    import pptx
    from pptx.oxml.ns import qn

    deck = pptx.Presentation(file)
    parts: list[str] = []
    titles: list[str] = []
    bare = 0
    for slide in deck.slides:
        paragraphs = islice(slide.element.iter(qn("a:p")), MOST_PARAGRAPHS)
        texts = ["".join(piece.text or "" for piece in p.iter(qn("a:t"))) for p in paragraphs]
        shown = [text.strip() for text in texts if text.strip()]
        bare += not shown and not any(True for _ in slide.element.iter(qn("p:pic")))
        title = slide.shapes.title
        if title is not None and title.text_frame.text.strip():
            titles.append(title.text_frame.text.strip()[:120])
        parts += shown
    facts = {"slides": len(deck.slides), "headings": titles[:200], "empty_slides": bare}
    return facts, "\n".join(parts), ()


def _xlsx(file: io.BytesIO) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    import openpyxl

    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    parts: list[str] = []
    cuts: list[str] = []
    rows = 0
    for sheet in book.worksheets[:MOST_SHEETS]:
        looked = 0
        for row in sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS, values_only=True):
            looked += 1
            cells = ["" if cell is None else str(cell)[:1_000] for cell in row]
            if looked <= MOST_ROWS and any(cells):
                rows += 1
                parts.append("\t".join(cells).rstrip("\t"))
        if looked > MOST_ROWS:
            cuts.append(f"rows after {MOST_ROWS} of sheet {sheet.title[:40]}")
    if len(book.worksheets) > MOST_SHEETS:
        cuts.append(f"sheets after {MOST_SHEETS}")
    return {"sheets": book.sheetnames[:MOST_SHEETS], "rows": rows}, "\n".join(parts), tuple(cuts)
