"""PDF and office documents."""

from __future__ import annotations

import io
import zipfile
import zlib

import docx
import openpyxl
import pptx
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from judge.workspace import ArtifactState
from tests.judge.workspace.conftest import Read

VALID, BROKEN = ArtifactState.VALID, ArtifactState.BROKEN
EMPTY, PLACEHOLDER = ArtifactState.EMPTY, ArtifactState.PLACEHOLDER
UNREADABLE = ArtifactState.UNREADABLE


def pdf_of(*objects: bytes) -> bytes:
    """A PDF of the objects, numbered from 1; the first is the catalogue."""
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    count = len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % count + table
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, start)


def page_pdf(content: bytes, resources: bytes = b"", *more: bytes) -> bytes:
    packed = zlib.compress(content)
    font = b"/Font<</F 5 0 R>>"
    return pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<<"
        + font + resources + b">>>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n" % len(packed) + packed + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    )  # fmt: skip


def said(text: str) -> bytes:
    return b"BT /F 12 Tf 20 100 Td (%s) Tj ET\n" % text.encode()


IMAGE = b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>stream\n\x80\nendstream"  # noqa: E501
FORM = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</I 6 0 R>>>>/Length 0>>stream\n\nendstream"  # noqa: E501


def test_pdf_facts(read: Read) -> None:
    artifact = read("r.pdf", page_pdf(said("Accuracy was 0.93 on 200 samples.")))
    assert artifact.state is VALID
    assert artifact.facts["pages"] == 1
    assert artifact.facts["numbers"] == 2
    assert "Accuracy was 0.93" in artifact.text


def test_pictures_of_a_pdf_are_counted_within_forms_too(read: Read) -> None:
    content = page_pdf(b"/I Do /G Do", b"/XObject<</I 6 0 R/G 7 0 R>>", IMAGE, FORM)
    artifact = read("r.pdf", content)
    assert artifact.state is VALID
    assert artifact.facts["images"] == 2


def test_drawings_of_a_pdf_are_counted(read: Read) -> None:
    artifact = read("r.pdf", page_pdf(b"".join(b"0 %d m 9 9 l S\n" % n for n in range(30))))
    assert artifact.state is VALID
    assert artifact.facts["drawings"] == 30


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (page_pdf(b""), EMPTY),
        (page_pdf(b"0 0 200 200 re f\n"), EMPTY),
        (page_pdf(said("Placeholder report")), PLACEHOLDER),
        (b"Report\n\nAccuracy was 0.93\n", BROKEN),
        (b"%PDF-1.4\n", BROKEN),
        (b"%PDF-1.4\nnothing else\n%%EOF", BROKEN),
        (page_pdf(said("Accuracy was 0.93 on the test"))[:-200], BROKEN),
        (b"\x89PNG\r\n\x1a\n" + b"\1" * 60, BROKEN),
        (pdf_of(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"), EMPTY),
        (
            pdf_of(
                b"<</Type/Catalog/Pages 2 0 R>>",
                b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                b"<</Type/Pages/Kids[2 0 R]/Count 1/Parent 2 0 R>>",
            ),
            BROKEN,
        ),
    ],
)
def test_states_of_pdf(read: Read, content: bytes, state: ArtifactState) -> None:
    artifact = read("r.pdf", content)
    assert artifact.state is state, artifact.summary()


def test_an_encrypted_pdf_is_unreadable(read: Read) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(page_pdf(said("secret words")))))
    writer.encrypt("password", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    artifact = read("r.pdf", file.getvalue())
    assert artifact.state is UNREADABLE
    assert "secret" not in artifact.text


def test_pages_beyond_the_limit_are_told(read: Read) -> None:
    writer = PdfWriter()
    page = PdfReader(io.BytesIO(page_pdf(said("Row 12 of 100")))).pages[0]
    for _ in range(70):
        writer.add_page(page)
    file = io.BytesIO()
    writer.write(file)
    artifact = read("r.pdf", file.getvalue())
    assert artifact.facts["pages"] == 70
    assert artifact.cuts == ("pages after 60 of 70",)


def saved(document: object) -> bytes:
    file = io.BytesIO()
    document.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


def picture() -> io.BytesIO:
    file = io.BytesIO()
    Image.effect_noise((30, 30), 50).save(file, "PNG")
    file.seek(0)
    return file


def word(*paragraphs: str, image: bool = False) -> bytes:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if image:
        document.add_picture(picture())
    return saved(document)


def test_docx_facts(read: Read) -> None:
    document = docx.Document()
    document.add_heading("Results", 1)
    document.add_paragraph("The error was 0.12 on average.")
    table = document.add_table(1, 2)
    table.rows[0].cells[0].text = "fold"
    table.rows[0].cells[1].text = "7.5"
    document.add_picture(picture())
    artifact = read("r.docx", saved(document))
    assert artifact.state is VALID
    assert artifact.facts["headings"] == ["Results"]
    assert (artifact.facts["tables"], artifact.facts["images"]) == (1, 1)
    assert artifact.facts["numbers"] == 2
    assert "fold" in artifact.text


def test_states_of_docx(read: Read) -> None:
    assert read("r.docx", word()).state is EMPTY
    assert read("r.docx", word("This is a placeholder.")).state is PLACEHOLDER
    assert read("r.docx", word(image=True)).state is VALID
    whole = word("The error was 0.12 on average.")
    assert read("r.docx", whole[:-400]).state is BROKEN
    assert read("r.docx", "The error was 0.12").state is BROKEN
    assert read("r.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\1" * 600).state is UNREADABLE
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "no document")
    assert read("r.docx", file.getvalue()).state is BROKEN


def test_pptx_facts_and_states(read: Read) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Findings"
    slide.placeholders[1].text = "Recall rose to 0.8"
    deck.slides.add_slide(deck.slide_layouts[6])
    whole = saved(deck)
    artifact = read("d.pptx", whole)
    assert artifact.state is VALID
    assert (artifact.facts["slides"], artifact.facts["empty_slides"]) == (2, 1)
    assert artifact.facts["headings"] == ["Findings"]
    assert "Recall rose to 0.8" in artifact.text
    assert read("d.pptx", saved(pptx.Presentation())).state is EMPTY
    assert read("d.pptx", whole[: len(whole) // 2]).state is BROKEN


def test_xlsx_facts_and_states(read: Read) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Scores"
    sheet.append(["name", "score"])
    bare = saved(book)
    for number in range(3):
        sheet.append([f"run {number}", number / 2])
    whole = saved(book)
    artifact = read("s.xlsx", whole)
    assert artifact.state is VALID
    assert artifact.facts["sheets"] == ["Scores"]
    assert artifact.facts["rows"] == 4
    assert "run 2\t1" in artifact.text
    assert read("s.xlsx", bare).state is EMPTY
    assert read("s.xlsx", saved(openpyxl.Workbook())).state is EMPTY
    assert read("s.xlsx", whole[:-300]).state is BROKEN
