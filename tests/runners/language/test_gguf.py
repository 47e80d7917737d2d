"""GGUF files by llama.cpp, against the transformers model that they were written from."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.errors import InputError
from runners.models.language.engine import EngineModel
from runners.models.language.interface import GenerationRequest, Sampling, ScoreRequest
from runners.models.language.opening import open_language_model
from tests.support.tiny_gguf import needs_llama_cpp, write_gguf
from tests.support.tiny_models import make_tiny_llama

pytest.importorskip("gguf", reason="the extra `gguf` is not installed")
pytest.importorskip("torch", reason="the extra `models` is not installed")

pytestmark = needs_llama_cpp


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llama(tmp_path_factory.mktemp("llama"), longest=256)


@pytest.fixture(scope="module")
def plain(folder: Path) -> EngineModel:
    return opened(f"hf:{folder}")


@pytest.fixture(scope="module")
def model(folder: Path) -> EngineModel:
    return opened(f"gguf:{write_gguf(folder, folder / 'model.gguf', starts=True)}")


def opened(spec: str) -> EngineModel:
    found = open_language_model(spec, device="cpu")
    assert isinstance(found, EngineModel)
    return found


def prompts() -> list[GenerationRequest]:
    beginning = tuple(range(10, 60))
    ends = ((5, 6), (7,), (8, 9, 10))
    return [GenerationRequest((*beginning, *end), 12) for end in ends]


def test_greedy_and_drawn_texts_are_the_originals(model: EngineModel, plain: EngineModel) -> None:
    found, wanted = model.generate(prompts()), plain.generate(prompts())
    assert [each.tokens for each in found] == [each.tokens for each in wanted]
    drawn = [GenerationRequest((5, 6), 12, Sampling(1.0, 0.9, seed)) for seed in range(3)]
    found, wanted = model.generate(drawn), plain.generate(drawn)
    assert [each.tokens for each in found] == [each.tokens for each in wanted]


def test_likelihoods_are_the_originals(model: EngineModel, plain: EngineModel) -> None:
    contexts = [tuple(range(3, 40)), (9,), tuple(range(3, 203)) * 2]
    asked = [ScoreRequest(each, end) for each in contexts for end in ((4, 5, 6), (7,))]
    found, wanted = model.log_likelihoods(asked), plain.log_likelihoods(asked)
    # llama.cpp computes some of it in 16 bits.
    assert [each.log_likelihood for each in found] == pytest.approx(
        [each.log_likelihood for each in wanted], abs=0.02
    )
    assert [each.cut_tokens for each in found] == [each.cut_tokens for each in wanted]


def test_texts_and_chats_become_tokens_and_texts_again(model: EngineModel) -> None:
    tokenizer = model.tokenizer
    said = "a line, and ünï"
    assert tokenizer.decode(tokenizer.encode(said, special=True)) == said
    assert tokenizer.encode(said, special=True)[0] == 1
    assert tokenizer.ends == {2} and tokenizer.chat_template and not tokenizer.takes_tools
    prompt = tokenizer.chat([{"role": "user", "content": "x"}], None)
    assert tokenizer.decode(prompt).replace("</s>", "") == "<|user|>x<|assistant|>"


def test_what_is_no_gguf_file_is_refused(tmp_path: Path) -> None:
    for content, says in ((b"no file", "is no GGUF file"), (b"GGUF" + bytes(40), "cannot be")):
        (tmp_path / "m.gguf").write_bytes(content)
        with pytest.raises(InputError, match=says):
            opened(f"gguf:{tmp_path}/m.gguf")
    with pytest.raises(InputError, match="cannot be read"):
        opened(f"gguf:{tmp_path}/none.gguf")


def test_a_record_tells_what_ran(model: EngineModel) -> None:
    told = model.describe()
    assert told["adapter"] == "llama.cpp" and told["model_type"] == "llama"
    assert told["parameters"] == 35_168 and "llama-cpp-python_version" in told
