"""Reader for PDF: pages, text, pictures and drawings."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.source import Source
from judge.workspace.standins import numbers_in, stand_in, words_in

MOST_BYTES = 48 << 20
MOST_PAGES = 60
MOST_CONTENT_BYTES = 1_500_000
MOST_SECONDS = 1.2
# Operators that paint a path; a figure saved as PDF has these instead of pictures.
_PAINTS = re.compile(rb"(?<=[\s\d])(?:S|s|f\*?|F|B\*?|b\*?)(?=\s)")
_FIGURE_DRAWINGS = 20  # on one page: a chart, or a table with rules
_FEW_DRAWINGS = 10  # the frame and background of a page with nothing on it


def read_pdf(source: Source) -> Found:
    if b"%PDF-" not in source.beginning(1024):
        raise Damaged("it does not begin as a pdf")
    if b"%%EOF" not in source.end(2048):
        raise Damaged("its end is missing")
    source.content(MOST_BYTES)
    import pypdf
    from pypdf import errors

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    source.file.seek(0)
    try:
        return _opened(pypdf.PdfReader(source.file))
    except errors.FileNotDecryptedError:
        raise Unread("it is encrypted") from None
    except errors.PyPdfError as error:
        if type(error).__name__ == "LimitReachedError":  # which older versions do not have
            raise Unread("it unpacks to more than is read") from None
        raise Damaged(f"it does not open as pdf ({type(error).__name__})") from None


def _opened(reader: Any) -> Found:
    if reader.is_encrypted:
        try:
            opens = bool(reader.decrypt(""))
        except Exception:  # noqa: BLE001 -- ciphers that are not installed raise their own errors
            opens = False
        if not opens:
            raise Unread("it is encrypted")
    return _told(reader)


def _told(reader: Any) -> Found:
    count = len(reader.pages)
    if count == 0:
        return Found(
            "document", "pdf", ArtifactState.EMPTY, {"pages": 0}, signs=("it has no page",)
        )
    parts: list[str] = []
    images = drawings = drawn = spent = done = unread = 0
    began = time.process_time()
    for page in reader.pages[:MOST_PAGES]:
        # The count of bytes cuts the same on every machine; time is the last resort.
        if spent > MOST_CONTENT_BYTES or time.process_time() - began > MOST_SECONDS:
            break
        content = page.get_contents()
        data = content.get_data() if content is not None else b""
        spent += len(data)
        painted = len(_PAINTS.findall(data))
        drawings += painted
        drawn += painted >= _FIGURE_DRAWINGS
        images += _pictures(page.get("/Resources")) + data.count(b"\nBI ")
        if len(data) > MOST_CONTENT_BYTES:
            unread += 1
        else:
            parts.append(page.extract_text() or "")
        done += 1
    cuts = (f"pages after {done} of {count}",) if done < count else ()
    if unread:
        cuts = (*cuts, f"the text of {unread} pages of more than {MOST_CONTENT_BYTES} bytes")
    text = "\n".join(parts)
    facts = {
        "pages": count,
        "words": words_in(text),
        "numbers": numbers_in(text),
        "images": images,
        "drawings": drawings,
        "drawn_pages": drawn,
    }
    if not facts["words"] and not images and drawings < _FEW_DRAWINGS:
        if cuts:
            raise Unread("the pages that were read hold nothing, and the others were not read")
        sign = "it holds neither text nor a picture"
        return Found("document", "pdf", ArtifactState.EMPTY, facts, signs=(sign,))
    told = stand_in(text) if not images and drawings < _FEW_DRAWINGS and not cuts else None
    if told is not None:
        return Found("document", "pdf", ArtifactState.PLACEHOLDER, facts, text, (told,))
    return Found("document", "pdf", facts=facts, text=text, cuts=cuts)


def _pictures(resources: Any, depth: int = 0) -> int:
    """Images among a page's objects, those within forms included."""
    objects = resources.get_object().get("/XObject") if resources is not None else None
    if objects is None or depth > 3:
        return 0
    found = 0
    for reference in list(objects.get_object().values())[:200]:
        item = reference.get_object()
        subtype = item.get("/Subtype")
        if subtype == "/Image":
            found += 1
        elif subtype == "/Form":
            found += _pictures(item.get("/Resources"), depth + 1)
    return found
