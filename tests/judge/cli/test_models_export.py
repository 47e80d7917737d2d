"""`judge models export`: what is refused before any work, and what a person is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import ended, judge, start
from tests.support.tiny_models import make_tiny_llama


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("openai:gpt", "--to", "onnx"), "cannot be exported; name a model hf:"),
        (("hf:nowhere/at/all", "--to", "onnx"), "There is no folder"),
        (("hf:model", "--to", "onnx", "--quantize", "8da4w"), "onnx has no quantisation '8da4w'"),
        (("hf:model", "--to", "onnx", "--context", "9999"), "--context takes no more"),
    ],
)
def test_what_cannot_be_exported_is_told_in_a_sentence(
    arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    make_tiny_llama(tmp_path / "model", longest=128)
    ended = judge("models", "export", *arguments, "--out", "out", folder=tmp_path)
    assert ended.status == 2
    assert says in ended.err
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    make_tiny_llama(tmp_path / "model", longest=128)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    call = ("hf:model", "--to", "onnx", "--out", "out")
    ended = judge("models", "export", *call, folder=tmp_path)
    assert ended.status == 2
    assert "is there already" in ended.err
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


@pytest.mark.slow
def test_an_export_is_one_answer_and_quiet(tmp_path: Path) -> None:
    make_tiny_llama(tmp_path / "model", longest=128)
    call = ("hf:model", "--to", "onnx", "--out", "out", "--json")
    # From its start on, because libraries have something to say while they are imported.
    answer = ended(start("models", "export", *call, folder=tmp_path))
    assert answer.status == 0, answer.err
    assert answer.err == ""
    assert answer.json["parameters"] == 35_168
    assert answer.json["largest_difference"] < 1e-4
    assert answer.json["same_choices"] == 1.0
    assert Path(answer.json["folder"], "model.onnx").is_file()
