"""What every form of one language model does alike: hf, onnx and executorch.

The exports are made once for all of these tests; in 32 bits they say what the original says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from results.errors import InputError
from runners.export.language_models import export_language_model
from runners.models.language.engine import EngineModel
from runners.models.language.interface import GenerationRequest, Sampling, ScoreRequest
from runners.models.language.opening import open_language_model
from tests.support.exported_models import LONGEST, exported_llama, shared_folder

pytestmark = pytest.mark.slow

FORMS = ("hf", "onnx", "executorch")
PROMPTS = ("hello world", "a prompt that is longer than the others are, by some words", "x", "yy")


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return exported_llama(shared_folder(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="module")
def plain(specs: dict[str, str]) -> EngineModel:
    return opened(specs["hf"])


@pytest.fixture(scope="module", params=FORMS)
def model(request: pytest.FixtureRequest, specs: dict[str, str]) -> EngineModel:
    return opened(specs[request.param])


def folder_of(spec: str) -> Path:
    return Path(spec.partition(":")[2])


def opened(spec: str) -> EngineModel:
    found = open_language_model(spec, device="cpu")
    assert isinstance(found, EngineModel)
    return found


def asked(model: EngineModel, text: str, **settings: Any) -> GenerationRequest:
    tokens = tuple(model.tokenizer.encode(text, special=True))
    return GenerationRequest(tokens, settings.pop("max_tokens", 16), **settings)


def test_greedy_texts_are_the_originals(model: EngineModel, plain: EngineModel) -> None:
    requests = [asked(model, text) for text in PROMPTS]
    found, wanted = model.generate(requests), plain.generate(requests)
    assert [each.tokens for each in found] == [each.tokens for each in wanted]
    assert len({each.text for each in found}) > 1


def test_drawn_texts_are_the_originals(model: EngineModel, plain: EngineModel) -> None:
    requests = [asked(model, "x", sampling=Sampling(1.0, 0.9, seed)) for seed in range(4)]
    found = [each.tokens for each in model.generate(requests)]
    assert found == [each.tokens for each in plain.generate(requests)]
    assert len(set(found)) > 1


def test_a_batch_says_what_each_says_alone(model: EngineModel) -> None:
    requests = [asked(model, text) for text in PROMPTS]
    alone = [model.generate([request])[0].tokens for request in requests]
    assert [each.tokens for each in model.generate(requests)] == alone


def test_a_prefix_that_is_read_once_changes_nothing(model: EngineModel, plain: EngineModel) -> None:
    requests = [asked(model, 80 * "y" + text, max_tokens=6) for text in PROMPTS]
    found = [each.tokens for each in model.generate(requests)]
    assert found == [plain.generate([request])[0].tokens for request in requests]


def test_likelihoods_are_the_originals(model: EngineModel, plain: EngineModel) -> None:
    context = tuple(model.tokenizer.encode("some words before", special=True))
    requests = [
        ScoreRequest(context[: 3 + number], tuple(text.encode()))
        for number, text in enumerate(("abc", "d", "ef ef ef", "a longer continuation of it"))
    ]
    found, wanted = model.log_likelihoods(requests), plain.log_likelihoods(requests)
    for one, other in zip(found, wanted, strict=True):
        assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-4)
        assert one.is_greedy == other.is_greedy


def test_a_schema_holds(model: EngineModel) -> None:
    schema = {"type": "object", "properties": {"a": {"enum": [1, 2]}}, "required": ["a"]}
    # Drawn, because greedily some weights put white space after white space for ever.
    drawn = asked(model, "q", max_tokens=400, schema=schema, sampling=Sampling(1.0, 1.0, 1))
    (generated,) = model.generate([drawn])
    assert json.loads(generated.text)["a"] in (1, 2)


def test_stops_limits_and_overflow(model: EngineModel) -> None:
    (whole,) = model.generate([asked(model, "hello world", max_tokens=12)])
    stop = whole.text[4:6]
    (cut,) = model.generate([asked(model, "hello world", max_tokens=12, stop=(stop,))])
    assert cut.text == whole.text[: whole.text.find(stop)]
    with pytest.raises(InputError, match=f"{LONGEST} is all that fits"):
        model.generate([GenerationRequest((5,) * LONGEST, 4)])
    (last,) = model.generate([GenerationRequest((5,) * (LONGEST - 6), 100)])
    assert len(last.tokens) <= 6


def test_it_says_which_files_it_is_and_has_a_chat_template(model: EngineModel) -> None:
    described = model.describe()
    assert int(described["bytes"]) > 10_000
    assert len(str(described["sha256"])) == 64
    assert described["parameters"] == 35_168
    assert model.tokenizer.has_chat_template
    assert model.tokenizer.chat([{"role": "user", "content": "x"}], None)


def test_exports_say_how_near_they_are(specs: dict[str, str]) -> None:
    for form in ("onnx", "executorch"):
        settings = json.loads((folder_of(specs[form]) / "export.json").read_text())
        assert settings["largest_difference"] < 1e-5
        assert settings["context_length"] == LONGEST
        assert settings["source_sha256"] == opened(specs["hf"]).describe()["sha256"]


def test_int8_is_smaller_and_says_how_far_it_is(specs: dict[str, str], tmp_path: Path) -> None:
    done = export_language_model(specs["hf"], "onnx", tmp_path / "int8", quantize="int8")
    assert 0 < done.largest_difference < 1
    assert done.bytes < int(opened(specs["onnx"]).describe()["bytes"])
    model = opened(f"onnx:{tmp_path / 'int8'}")
    assert model.variant == "onnx int8"
    (generated,) = model.generate([asked(model, "x")])
    assert generated.tokens
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("none", r"has no export\.json"),
        ("json", r"export\.json is damaged"),
        ("form", "holds a model exported to executorch"),
        ("outside", "there is no file"),
        ("weights", "cannot be read as a model"),
    ],
)
def test_a_damaged_export_is_told(
    specs: dict[str, str], tmp_path: Path, change: str, says: str
) -> None:
    for file in folder_of(specs["onnx"]).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    settings = tmp_path / "export.json"
    content = json.loads(settings.read_text())
    if change == "none":
        settings.unlink()
    elif change == "json":
        settings.write_text("{")
    elif change == "weights":
        (tmp_path / "model.onnx").write_bytes(np.arange(500, dtype=np.uint8).tobytes())
    else:
        changes = {"form": {"format": "executorch"}, "outside": {"file": "../model.onnx"}}
        settings.write_text(json.dumps({**content, **changes[change]}))
    with pytest.raises(InputError, match=says):
        opened(f"onnx:{tmp_path}")
