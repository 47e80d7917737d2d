"""`judge models list`: how models are named, and whether what they need is here."""

from __future__ import annotations

import json
from pathlib import Path

from runners.models.segmentation.code_bases import CODE_BASES
from runners.models.segmentation.opening import FORMS
from tests.support.command import judge


def test_every_form_is_listed_with_what_it_needs(tmp_path: Path) -> None:
    listed = judge("models", "list", "--json", folder=tmp_path)
    assert listed.status == 0
    forms = json.loads(listed.out)["forms"]
    segmenting = [form for form in forms if "chat" not in form["kinds"]]
    assert {form["spec"].partition(":")[0] for form in segmenting} == set(FORMS)
    chatting = [form for form in forms if form["kinds"] == ["chat"]]
    named = {form["spec"].partition(":")[0] for form in chatting}
    assert named == {"openai", "litellm", "hf"}
    for form in forms:
        assert form["available"] or form["install"].startswith("pip install")
    sam2 = next(form for form in forms if form["spec"].startswith("official:sam2:"))
    assert sam2["install"] == CODE_BASES["sam2"].install


def test_a_person_reads_a_table(tmp_path: Path) -> None:
    listed = judge("models", "list", folder=tmp_path)
    assert listed.status == 0
    for spec in ("hf:", "onnx:", "torchscript:", "executorch:", "official:", "python:"):
        assert spec in listed.out
