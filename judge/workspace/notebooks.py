"""Reader for notebooks: cells, what ran, outputs and pictures, and the code as one text."""

from __future__ import annotations

import json
from typing import Any

from judge.workspace.artifact import ArtifactState, Damaged, Found
from judge.workspace.source import Source

MOST_BYTES = 32 << 20
MOST_CELLS = 5_000
MOST_OUTPUT_CHARS = 4_000


def read_notebook(source: Source) -> Found:
    """`text` has every cell in order, outputs as `# > ` lines; `code` the code cells joined."""
    try:
        notebook = json.loads(source.content(MOST_BYTES).decode("utf-8-sig"))
    except ValueError:
        raise Damaged("it is not the JSON of a notebook") from None
    cells = _cells(notebook)
    facts, texts, codes = _told(cells[:MOST_CELLS])
    facts = {**_language(notebook), "cells": len(cells), **facts}
    cuts = (f"cells after {MOST_CELLS}",) if len(cells) > MOST_CELLS else ()
    text = "\n\n".join(texts)
    if not text.strip():
        sign = "no cell holds anything"
        return Found("notebook", source.format, ArtifactState.EMPTY, facts, signs=(sign,))
    signs = ("no code cell was run",) if facts["code_cells"] and not facts["cells_run"] else ()
    code = "\n\n".join(codes)
    return Found(
        "notebook", source.format, facts=facts, text=text, code=code, cuts=cuts, signs=signs
    )


def _cells(notebook: Any) -> list[dict[str, Any]]:
    """The cells of format 4, or of the worksheets of format 3."""
    if not isinstance(notebook, dict):
        raise Damaged("its top level is not an object")
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in sheet.get("cells") or ()]
    if not isinstance(cells, list):
        raise Damaged("it has no list of cells")
    if not all(isinstance(cell, dict) for cell in cells):
        raise Damaged("a cell of it is not an object")
    return cells


def _told(cells: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str], list[str]]:
    texts: list[str] = []
    codes: list[str] = []
    run = images = outputs = errors = 0
    for cell in cells:
        text = _joined(cell.get("source", cell.get("input", "")))
        if text.strip():
            texts.append(text)
        if cell.get("cell_type") != "code":
            continue
        if text.strip():
            codes.append(_plain_code(text))
        shown = [output for output in cell.get("outputs") or () if isinstance(output, dict)]
        run += bool(text.strip()) and bool(cell.get("execution_count") or shown)
        outputs += len(shown)
        for output in shown:
            data = output.get("data")
            data = data if isinstance(data, dict) else {}
            images += any(str(key).startswith("image/") for key in data) or "png" in output
            errors += output.get("output_type") in ("error", "pyerr")
            words = _joined(output.get("text", "")) or _joined(data.get("text/plain", ""))
            if output.get("ename"):
                words = f"{output['ename']}: {output.get('evalue', '')}"
            if words.strip():
                lines = words[:MOST_OUTPUT_CHARS].splitlines()
                texts.append("\n".join(f"# > {line}" for line in lines))
    facts = {
        "code_cells": len(codes),
        "cells_run": run,
        "outputs": outputs,
        "images": images,
        "errors": errors,
    }
    return facts, texts, codes


def _language(notebook: dict[str, Any]) -> dict[str, Any]:
    metadata = notebook.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = kernel.get("language") if isinstance(kernel, dict) else None
    return {"language": language[:40]} if isinstance(language, str) else {}


def _plain_code(text: str) -> str:
    """Without the lines of the notebook's own shell (`%magic`, `!command`): they are no Python."""
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!")) else line for line in text.split("\n")
    )


def _joined(source: object) -> str:
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""
