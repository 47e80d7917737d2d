"""`judge models list`: how models are named, and whether what they need is here."""

from __future__ import annotations

import json
from pathlib import Path

from runners.models.language import opening as language
from runners.models.segmentation.code_bases import CODE_BASES
from runners.models.segmentation.opening import FORMS
from runners.models.video_language import opening as video_language
from tests.support.command import judge


def test_every_form_is_listed_with_what_it_needs(tmp_path: Path) -> None:
    listed = judge("models", "list", "--json", folder=tmp_path)
    assert listed.status == 0
    forms = json.loads(listed.out)["forms"]
    named = {
        kind: {form["spec"].partition(":")[0] for form in forms if kind in form["kinds"]}
        for kind in ("segment videos", "segment images", "chat", "score text")
    }
    assert named["segment videos"] | named["segment images"] == set(FORMS)
    assert named["chat"] == {"openai", "litellm", *language.FORMS}
    assert named["score text"] == set(language.FORMS)
    about_videos = [form for form in forms if form["kinds"] == ["answer about videos"]]
    assert {form["spec"].partition(":")[0] for form in about_videos} == set(video_language.FORMS)
    for form in forms:
        assert form["available"] or form["install"].startswith("pip install")
    sam2 = next(form for form in forms if form["spec"].startswith("official:sam2:"))
    assert sam2["install"] == CODE_BASES["sam2"].install


def test_a_person_reads_a_table(tmp_path: Path) -> None:
    listed = judge("models", "list", folder=tmp_path)
    assert listed.status == 0
    for spec in ("hf:", "onnx:", "torchscript:", "executorch:", "official:", "python:"):
        assert spec in listed.out
