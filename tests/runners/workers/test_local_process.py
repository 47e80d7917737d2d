"""A local model in a process of its own: the answers of the same model in this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.errors import InputError
from runners.models.video_language.interface import VideoReply
from runners.models.workers.models import local_process_model
from tests.runners.workers.pictures import asked

OWN_MODEL = """
import os
from runners.models.video_language.interface import Unanswered, VideoReply

class Model:
    name, variant, device, precision = "own", None, "cpu", "fp32"
    largest_batch = None

    def answer(self, questions):
        return [
            Unanswered("It is too dark.") if question.prompt == "dark"
            else VideoReply(
                f"{os.getpid()} {len(questions)} {len(question.frames.pictures)}"
                f" {question.frames.times}", visual_tokens=5, seconds=2.5)
            for question in questions
        ]

    def describe(self):
        return {"adapter": "python:own"}

    def close(self):
        pass

def made(device, precision):
    return Model()
"""


@pytest.mark.parametrize("is_importable_here", [True, False])
def test_a_model_of_ones_own_answers_in_batches_from_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_importable_here: bool
) -> None:
    (tmp_path / "own_video_model.py").write_text(OWN_MODEL)
    if is_importable_here:
        monkeypatch.syspath_prepend(str(tmp_path))
    model = local_process_model(
        "python:own_video_model:made", device="cpu", code=None if is_importable_here else tmp_path
    )
    try:
        first, dark, last = model.answer([asked(greys=(1, 2)), asked("dark"), asked()])
        assert isinstance(first, VideoReply)
        assert first.text == f"{model.pid} 3 2 (0.0, 1.0)"
        assert (first.visual_tokens, first.seconds) == (5, 2.5)
        assert getattr(dark, "reason", "") == "The worker could not answer: It is too dark."
        assert isinstance(last, VideoReply)
        assert (model.name, model.device, model.largest_batch) == ("own", "cpu", None)
    finally:
        model.close()


@pytest.mark.slow
def test_a_transformers_model_answers_the_same_in_another_process(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="a tiny model needs the extra models")
    from runners.models.video_language.opening import open_video_language_model
    from tests.support.tiny_video_models import make_tiny_smolvlm

    spec = f"hf:{make_tiny_smolvlm(tmp_path / 'smolvlm')}"
    questions = [asked("What is it?", (30, 200), 8), asked("And blind?", (), 8)]
    here = open_video_language_model(spec, device="cpu").answer(questions)
    model = local_process_model(spec, device="cpu")
    try:
        there = model.answer(questions)
        described = model.describe()
    finally:
        model.close()
    for ours, theirs in zip(here, there, strict=True):
        assert isinstance(ours, VideoReply)
        assert isinstance(theirs, VideoReply)
        assert (ours.text, ours.visual_tokens, ours.prompt_tokens, ours.output_tokens) == (
            theirs.text,
            theirs.visual_tokens,
            theirs.prompt_tokens,
            theirs.output_tokens,
        )
        assert theirs.peak_bytes is not None
    assert described["sha256"]


@pytest.mark.parametrize("spec", ["openai:gpt", "worker:longvu:x", "nothing"])
def test_a_model_that_is_elsewhere_needs_no_process(spec: str) -> None:
    with pytest.raises(InputError, match="needs no process of its own"):
        local_process_model(spec)


def test_a_model_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be loaded: The .* nowhere_at_all"):
        local_process_model("python:nowhere_at_all:made", device="cpu")
