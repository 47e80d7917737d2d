"""What every form of one language model does alike: hf, onnx, executorch, gguf, and an endpoint.

The exports are made once for all of these tests; in 32 bits they say what the original says. The
endpoint is a server on loopback that answers with the original.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from results.errors import InputError
from runners.export.language_models import export_language_model
from runners.language_tasks.harness import Option, request_of
from runners.models.language.engine import EngineModel
from runners.models.language.interface import GenerationRequest, LanguageModel, Sampling
from runners.models.language.opening import open_language_model
from tests.support.chat_server import ChatServer
from tests.support.completions import completions_of
from tests.support.exported_models import LONGEST, exported_llama, shared_folder
from tests.support.tiny_gguf import needs_llama_cpp, write_gguf

pytestmark = pytest.mark.slow

EXPORTS = ("onnx", "executorch")
FORMS = ("hf", *EXPORTS, pytest.param("gguf", marks=needs_llama_cpp))
PROMPTS = ("hello world", "a prompt that is longer than the others are, by some words", "x", "yy")


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    found = exported_llama(shared_folder(tmp_path_factory.getbasetemp()))
    path = tmp_path_factory.mktemp("gguf") / "model.gguf"
    return found | {"gguf": f"gguf:{write_gguf(folder_of(found['hf']), path)}"}


@pytest.fixture(scope="module")
def endpoint(plain: EngineModel) -> Iterator[LanguageModel]:
    with ChatServer() as server, pytest.MonkeyPatch.context() as patch:
        server.rule = completions_of(plain)
        patch.setenv("OPENAI_BASE_URL", server.url)
        patch.setenv("OPENAI_API_KEY", "sk-test")
        yield open_language_model("openai:tiny")


@pytest.fixture(scope="module")
def plain(specs: dict[str, str]) -> EngineModel:
    return opened(specs["hf"])


@pytest.fixture(scope="module", params=FORMS)
def here(request: pytest.FixtureRequest, specs: dict[str, str]) -> EngineModel:
    """A form that runs in this process."""
    return opened(specs[request.param])


@pytest.fixture(scope="module", params=(*FORMS, "openai"))
def model(request: pytest.FixtureRequest, specs: dict[str, str]) -> LanguageModel:
    if request.param == "openai":
        found: LanguageModel = request.getfixturevalue("endpoint")
        return found
    return opened(specs[request.param])


def folder_of(spec: str) -> Path:
    return Path(spec.partition(":")[2])


def opened(spec: str) -> EngineModel:
    found = open_language_model(spec, device="cpu")
    assert isinstance(found, EngineModel)
    return found


def asked(model: LanguageModel, text: str, **settings: Any) -> GenerationRequest:
    tokens = tuple(model.tokenizer.encode(text, special=True))
    return GenerationRequest(tokens, settings.pop("max_tokens", 16), **settings)


def said(model: LanguageModel, prompts: Sequence[str], **settings: Any) -> list[tuple[Any, ...]]:
    """What it generates for each, and what it counts."""
    found = model.generate([asked(model, text, **settings) for text in prompts])
    return [(each.text, each.token_count, each.prompt_tokens, each.finish) for each in found]


def test_greedy_texts_are_the_originals(model: LanguageModel, plain: EngineModel) -> None:
    found = said(model, PROMPTS)
    assert found == said(plain, PROMPTS)
    assert len({text for text, *_ in found}) > 1


def test_drawn_texts_are_the_originals(model: LanguageModel, plain: EngineModel) -> None:
    draws = [Sampling(1.0, 0.9, seed) for seed in range(4)]
    found = [said(model, ["x"], sampling=draw) for draw in draws]
    assert found == [said(plain, ["x"], sampling=draw) for draw in draws]
    assert len({text for ((text, *_),) in found}) > 1


def test_a_batch_says_what_each_says_alone(model: LanguageModel) -> None:
    assert said(model, PROMPTS) == [said(model, [text])[0] for text in PROMPTS]


def test_a_prefix_that_is_read_once_changes_nothing(
    model: LanguageModel, plain: EngineModel
) -> None:
    prompts = [80 * "y" + text for text in PROMPTS]
    found = said(model, prompts, max_tokens=6)
    assert found == [said(plain, [text], max_tokens=6)[0] for text in prompts]


def test_likelihoods_are_the_originals(model: LanguageModel, plain: EngineModel) -> None:
    first, second = "some words before", "others, ü"
    options = [Option(first, text) for text in (" abc", " d", " ef ef ef", " a longer one")]
    options.append(Option(second, "ö; it"))
    # What the original would say next is greedy.
    ((likely, *_),) = said(plain, [second], max_tokens=1)
    options.append(Option(second, likely))
    told: list[int] = []
    found = model.log_likelihoods(
        [request_of(option, model.tokenizer) for option in options],
        on_done=lambda index, _: told.append(index),
    )
    wanted = plain.log_likelihoods([request_of(option, plain.tokenizer) for option in options])
    for one, other in zip(found, wanted, strict=True):
        assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-4)
        assert one.is_greedy == other.is_greedy
        assert one.token_count == other.token_count
    assert [each.is_greedy for each in found] == [False] * 5 + [True]
    assert sorted(told) == list(range(len(options)))


def test_a_schema_holds(here: EngineModel) -> None:
    schema = {"type": "object", "properties": {"a": {"enum": [1, 2]}}, "required": ["a"]}
    # Drawn, because greedily some weights put white space after white space for ever.
    drawn = asked(here, "q", max_tokens=400, schema=schema, sampling=Sampling(1.0, 1.0, 1))
    (generated,) = here.generate([drawn])
    assert json.loads(generated.text)["a"] in (1, 2)


def test_stops_and_what_fits(model: LanguageModel) -> None:
    (whole,) = model.generate([asked(model, "hello world", max_tokens=12)])
    stop = whole.text[4:6]
    (cut,) = model.generate([asked(model, "hello world", max_tokens=12, stop=(stop,))])
    assert cut.text == whole.text[: whole.text.find(stop)]
    with pytest.raises(InputError, match="shorten it"):
        model.generate([asked(model, "y" * LONGEST, max_tokens=4)])
    (last,) = model.generate([asked(model, "y" * (LONGEST - 6), max_tokens=100)])
    assert last.token_count <= 6
    with pytest.raises(InputError, match="at least one"):
        model.generate([GenerationRequest((), 4)])


def test_nothing_more_is_generated_once_it_is_left(model: LanguageModel) -> None:
    requests = [asked(model, text, max_tokens=2_000) for text in PROMPTS]
    told: list[int] = []
    found = model.generate(
        requests,
        batch_size=1,
        on_done=lambda index, _: told.append(index),
        is_left=lambda: bool(told),
    )
    assert sorted(told) == list(range(len(PROMPTS)))
    assert found[-1].finish == "length" and found[-1].token_count == 0


def test_it_says_which_files_it_is_and_has_a_chat_template(here: EngineModel) -> None:
    described = here.describe()
    assert int(described["bytes"]) > 10_000
    assert len(str(described["sha256"])) == 64
    assert described["parameters"] == 35_168
    assert here.tokenizer.chat_template
    assert here.tokenizer.chat([{"role": "user", "content": "x"}], None)


def test_exports_say_how_near_they_are(specs: dict[str, str]) -> None:
    for form in EXPORTS:
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
