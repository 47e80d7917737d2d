"""Readers for pdf, docx, pptx and xlsx: their text, pages and pictures."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from judge.workspace.artifact import ArtifactState, Found
from judge.workspace.texts import stand_in

MOST_PAGES = 200
MOST_ROWS = 500
LARGEST_MEMBER = 200 << 20


def read_document(content: bytes, path: str, format: str, size: int) -> Found:
    if format == "pdf":
        return _read_pdf(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > LARGEST_MEMBER:
            sign = "its unpacked size is beyond what is read"
            return Found("document", format, ArtifactState.UNREADABLE, signs=(sign,))
        images = sum("/media/" in member.filename for member in members)
    reader = {"docx": _docx, "pptx": _pptx, "xlsx": _xlsx}[format]
    facts, text, cuts = reader(io.BytesIO(content))
    return _judged(format, {**facts, "images": images}, text, cuts)


def _judged(format: str, facts: dict[str, Any], text: str, cuts: tuple[str, ...]) -> Found:
    facts["words"] = len(re.findall(r"\w+", text))
    if facts["words"] == 0 and not facts.get("images"):
        sign = "it holds neither text nor a picture"
        return Found("document", format, ArtifactState.EMPTY, facts, signs=(sign,))
    sign_of_text = stand_in(text) if not facts.get("images") else None
    if sign_of_text is not None:
        state = ArtifactState.PLACEHOLDER
        return Found("document", format, state, facts, text, (sign_of_text,), cuts)
    return Found("document", format, facts=facts, text=text, cuts=cuts)


def _read_pdf(content: bytes) -> Found:
    import logging

    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = pypdf.PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        sign = "it is encrypted"
        return Found("document", "pdf", ArtifactState.UNREADABLE, signs=(sign,))
    pages = len(reader.pages)
    parts: list[str] = []
    images = drawn = 0
    for page in reader.pages[:MOST_PAGES]:
        parts.append(page.extract_text() or "")
        resources = page.get("/Resources")
        objects = resources.get_object().get("/XObject") if resources is not None else None
        images += len(objects.get_object()) if objects is not None else 0
        contents = page.get_contents()
        drawn += len(contents.get_data()) if contents is not None else 0
    cuts = (f"pages after {MOST_PAGES}",) if pages > MOST_PAGES else ()
    # A figure saved as pdf has drawing operators instead of images.
    facts = {"pages": pages, "images": images or int(drawn > 2_000)}
    if pages == 0:
        return Found("document", "pdf", ArtifactState.EMPTY, facts, signs=("it has no page",))
    return _judged("pdf", facts, "\n".join(parts), cuts)


def _docx(file: io.BytesIO) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    import docx

    document = docx.Document(file)
    parts = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        parts += [" | ".join(cell.text for cell in row.cells) for row in table.rows[:MOST_ROWS]]
    return {"tables": len(document.tables)}, "\n".join(parts), ()


def _pptx(file: io.BytesIO) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    import pptx

    deck = pptx.Presentation(file)
    parts = [
        shape.text_frame.text
        for slide in deck.slides
        for shape in slide.shapes
        if shape.has_text_frame
    ]
    return {"slides": len(deck.slides)}, "\n".join(parts), ()


def _xlsx(file: io.BytesIO) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    import openpyxl

    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    parts: list[str] = []
    rows = 0
    for sheet in book.worksheets:
        for row in sheet.iter_rows(max_row=MOST_ROWS, max_col=100, values_only=True):
            cells = ["" if cell is None else str(cell) for cell in row]
            if any(cells):
                rows += 1
                parts.append("\t".join(cells))
    cuts = (f"rows after {MOST_ROWS} of each sheet",) if rows >= MOST_ROWS else ()
    return {"sheets": book.sheetnames[:50], "rows": rows}, "\n".join(parts), cuts
