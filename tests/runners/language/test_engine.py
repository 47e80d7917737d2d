"""The engine on a tiny model: batches, prefixes, stops, sampling, schemas and likelihoods."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from results.errors import InputError
from runners.models.devices import Placement
from runners.models.language.engine import EngineModel
from runners.models.language.hf import HfNetwork
from runners.models.language.interface import (
    Cache,
    GenerationRequest,
    Sampling,
    ScoreRequest,
    Tokens,
)
from runners.models.language.opening import open_language_model
from tests.support.tiny_models import make_tiny_llama

torch: Any = pytest.importorskip("torch", reason="the extra `models` is not installed")

PROMPTS = ("hello world", "a prompt that is much longer than both of the others", "x")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llama(tmp_path_factory.mktemp("llama"), longest=512)


@pytest.fixture
def model(folder: Path) -> EngineModel:
    opened = open_language_model(f"hf:{folder}", device="cpu")
    assert isinstance(opened, EngineModel)
    return opened


@pytest.fixture(scope="module")
def plain(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder)


def asked(model: EngineModel, text: str, **settings: Any) -> GenerationRequest:
    tokens = tuple(model.tokenizer.encode(text, special=True))
    return GenerationRequest(tokens, settings.pop("max_tokens", 20), **settings)


def greedily(plain: Any, tokens: Sequence[int], count: int) -> list[int]:
    """The likeliest tokens one after the other, each from a whole forward pass."""
    so_far = list(tokens)
    for _ in range(count):
        with torch.inference_mode():
            so_far.append(int(plain(input_ids=torch.tensor([so_far])).logits[0, -1].argmax()))
    return so_far[len(tokens) :]


def test_a_batch_of_many_lengths_says_what_whole_forward_passes_say(
    model: EngineModel, plain: Any
) -> None:
    requests = [asked(model, text) for text in PROMPTS]
    for request, generated in zip(requests, model.generate(requests), strict=True):
        wanted = greedily(plain, request.tokens, 20)
        assert list(generated.tokens) == wanted[: len(generated.tokens)]
        assert generated.finish == "length" or wanted[len(generated.tokens)] in model.tokenizer.ends


def test_it_says_what_transformers_itself_generates(model: EngineModel, plain: Any) -> None:
    requests = [asked(model, text, max_tokens=24) for text in PROMPTS]
    longest = max(len(request.tokens) for request in requests)
    ids = [[0] * (longest - len(request.tokens)) + [*request.tokens] for request in requests]
    seen = [[int(token > 0) for token in row] for row in ids]
    with torch.inference_mode():
        wanted = plain.generate(
            input_ids=torch.tensor(ids),
            attention_mask=torch.tensor(seen),
            max_new_tokens=24,
            do_sample=False,
        )[:, longest:].tolist()
    for generated, row in zip(model.generate(requests), wanted, strict=True):
        assert list(generated.tokens) == row[: len(generated.tokens)]
        assert len(generated.tokens) == 24 or row[len(generated.tokens)] in model.tokenizer.ends


def test_a_prefix_that_is_read_once_changes_nothing(model: EngineModel, plain: Any) -> None:
    requests = [asked(model, 100 * "y" + text, max_tokens=8) for text in PROMPTS]
    together = model.generate(requests)
    # The longest reads it for all.
    assert [each.reused_tokens for each in together] == [100, 0, 100]
    alone = [model.generate([request])[0] for request in requests]
    assert all(each.reused_tokens >= 100 for each in alone)
    for request, one, other in zip(requests, together, alone, strict=True):
        assert one.tokens == other.tokens
        wanted = greedily(plain, request.tokens, 8)
        assert list(one.tokens) == wanted[: len(one.tokens)]


def test_a_text_ends_before_its_stop(model: EngineModel) -> None:
    whole = model.generate([asked(model, PROMPTS[0], max_tokens=30)])[0].text
    stop = whole[5:7]
    cut = model.generate([asked(model, PROMPTS[0], max_tokens=30, stop=(stop,))])[0]
    assert cut.text == whole[: whole.find(stop)]
    assert cut.finish == "stop"


def test_draws_depend_on_the_seed_and_not_on_the_batch(model: EngineModel) -> None:
    requests = [asked(model, "x", sampling=Sampling(1.0, 0.9, seed)) for seed in (1, 2, 1)]
    first, second, again = (each.tokens for each in model.generate(requests))
    assert first == again != second
    assert model.generate([requests[0]])[0].tokens == first


def test_a_small_nucleus_leaves_the_likeliest_token_alone(model: EngineModel) -> None:
    drawn = model.generate([asked(model, "x", sampling=Sampling(1.0, 1e-9, 3))])[0]
    assert drawn.tokens == model.generate([asked(model, "x")])[0].tokens


def test_a_schema_holds_whatever_the_model_would_say(model: EngineModel) -> None:
    schema = {
        "type": "object",
        "properties": {"count": {"type": "integer"}, "kind": {"enum": ["cat", "dog"]}},
        "required": ["count", "kind"],
        "additionalProperties": False,
    }
    requests = [
        asked(model, "q", max_tokens=200, schema=schema, sampling=Sampling(1.0, 1.0, seed))
        for seed in range(6)
    ]
    kinds = set()
    for generated in model.generate(requests):
        found = json.loads(generated.text)
        assert isinstance(found["count"], int) and set(found) == {"count", "kind"}
        assert generated.finish == "stop"
        kinds.add(found["kind"])
    assert kinds == {"cat", "dog"}


def test_texts_of_one_batch_are_held_to_schemas_of_their_own(model: EngineModel) -> None:
    schemas: list[dict[str, Any] | None] = [
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3},
        None,
        {"type": "string", "pattern": "^[ab]{3}$"},
        {"type": "integer", "minimum": 10, "maximum": 12},
    ]
    requests = [
        asked(model, "q" * (number + 1), max_tokens=60, schema=schema, sampling=Sampling(1.0))
        for number, schema in enumerate(schemas)
    ]
    flags, free, letters, number = (each.text for each in model.generate(requests))
    assert len(json.loads(flags)) in (2, 3) and set(json.loads(flags)) <= {True, False}
    assert set(json.loads(letters)) <= {"a", "b"} and len(json.loads(letters)) == 3
    assert json.loads(number) in (10, 11, 12)
    alone = model.generate([asked(model, "qq", max_tokens=60, sampling=Sampling(1.0))])[0]
    assert free == alone.text


def test_a_text_that_is_cut_short_of_its_schema_says_so(model: EngineModel) -> None:
    schema = {"type": "string", "minLength": 50}
    generated = model.generate([asked(model, "q", max_tokens=5, schema=schema)])[0]
    assert generated.finish == "length" and len(generated.tokens) == 5


def test_a_schema_that_nobody_can_keep_to_is_named(model: EngineModel) -> None:
    with pytest.raises(InputError, match="cannot be kept to"):
        model.generate([asked(model, "q", schema={"type": "no such type"})])


def test_likelihoods_are_those_of_a_whole_forward_pass(model: EngineModel, plain: Any) -> None:
    context = tuple(model.tokenizer.encode("some context", special=True))
    likely = greedily(plain, context, 3)
    continuations = [tuple(likely), *(tuple(text.encode()) for text in ("abc", "d", "ef ef ef"))]
    requests = [ScoreRequest(context, each) for each in continuations]
    for request, found in zip(requests, model.log_likelihoods(requests, batch_size=3), strict=True):
        row = [*request.context, *request.continuation]
        with torch.inference_mode():
            shares = plain(input_ids=torch.tensor([row])).logits[0].double().log_softmax(-1)
        places = range(len(context) - 1, len(row) - 1)
        wanted = sum(float(shares[place, row[place + 1]]) for place in places)
        assert found.log_likelihood == pytest.approx(wanted, abs=1e-4)
        assert found.is_greedy == (request.continuation == tuple(likely))
        assert found.cut_tokens == 0


def test_contexts_with_several_continuations_are_scored_as_if_each_were_alone(
    model: EngineModel, plain: Any
) -> None:
    contexts = [tuple(f"{number} is a context".encode()) for number in range(3)]
    # The last has nothing to read before the token that is read with its continuation.
    contexts.append((7,))
    requests = [
        ScoreRequest(context, tuple(continuation))
        for continuation in (b"yes", b"no", b"a longer one")
        for context in contexts
    ]
    wanted = []
    for request in requests:
        row = [*request.context, *request.continuation]
        with torch.inference_mode():
            shares = plain(input_ids=torch.tensor([row])).logits[0].double().log_softmax(-1)
        places = range(len(request.context) - 1, len(row) - 1)
        wanted.append(sum(float(shares[place, row[place + 1]]) for place in places))
    for size in (1, 2, 5, 16):
        found = model.log_likelihoods(requests, batch_size=size)
        assert [each.log_likelihood for each in found] == pytest.approx(wanted, abs=1e-4)


def test_a_context_that_fills_several_batches_is_read_once(model: EngineModel, plain: Any) -> None:
    class Counting(HfNetwork):
        read_tokens = 0

        def read(self, tokens: Tokens, lengths: Tokens, after: Cache | None = None) -> Any:
            self.read_tokens += int(lengths.sum())
            return super().read(tokens, lengths, after)

    network = Counting(plain, Placement("cpu", "fp32"), dict)
    engine = EngineModel("counting", network, model.tokenizer)
    context = tuple(b"A context that has some more than forty tokens, and many continuations.")
    requests = [ScoreRequest(context, (number, 7)) for number in range(5, 15)]
    found = engine.log_likelihoods(requests, batch_size=1)
    assert network.read_tokens == len(context) - 1
    wanted = model.log_likelihoods(requests)
    assert [each.log_likelihood for each in found] == pytest.approx(
        [each.log_likelihood for each in wanted], abs=1e-5
    )


class Small(HfNetwork):
    """A network on a device with memory for two rows."""

    def read(self, tokens: Tokens, lengths: Tokens, after: Cache | None = None) -> Any:
        if len(tokens) > 2:
            raise torch.OutOfMemoryError(f"{len(tokens)} rows")
        return super().read(tokens, lengths, after)

    def token_scores(self, tokens: Tokens, lengths: Tokens, after: Cache | None = None) -> Any:
        if len(tokens) > 2:
            raise torch.OutOfMemoryError(f"{len(tokens)} rows")
        return super().token_scores(tokens, lengths, after)


def test_batches_that_do_not_fit_into_memory_are_halved(model: EngineModel, plain: Any) -> None:
    small = EngineModel("small", Small(plain, Placement("cpu", "fp32"), dict), model.tokenizer)
    requests = [asked(model, "x" * length, max_tokens=5) for length in range(1, 12)]
    told: list[int] = []
    found = small.generate(requests, on_done=lambda index, _: told.append(index))
    assert [each.tokens for each in found] == [each.tokens for each in model.generate(requests)]
    assert sorted(told) == list(range(11))
    scored = [ScoreRequest(request.tokens, (5, 6)) for request in requests]
    assert [each.log_likelihood for each in small.log_likelihoods(scored)] == pytest.approx(
        [each.log_likelihood for each in model.log_likelihoods(scored)], abs=1e-5
    )


def test_a_request_that_does_not_fit_into_memory_by_itself_is_refused(
    model: EngineModel, plain: Any
) -> None:
    class Full(HfNetwork):
        def read(self, tokens: Tokens, lengths: Tokens, after: Cache | None = None) -> Any:
            raise torch.OutOfMemoryError

    full = EngineModel("full", Full(plain, Placement("cpu", "fp32"), dict), model.tokenizer)
    with pytest.raises(InputError, match="does not fit into the memory of cpu"):
        full.generate([asked(model, "x"), asked(model, "y")])


def test_a_conversation_that_goes_on_is_read_from_where_it_stood(
    model: EngineModel, plain: Any
) -> None:
    tokens: tuple[int, ...] = tuple(b"The first turn of a conversation, with all it begins with.")
    reused = []
    for turn in (b"second", b"third", b"fourth"):
        generated = model.generate([GenerationRequest(tokens, 6)])[0]
        wanted = greedily(plain, tokens, 6)
        assert list(generated.tokens) == wanted[: len(generated.tokens)]
        reused.append(generated.reused_tokens)
        tokens += tuple(b" And then came the " + turn + b" one, which said this and that.")
    generated = model.generate([GenerationRequest(tokens, 6)])[0]
    assert list(generated.tokens) == greedily(plain, tokens, 6)[: len(generated.tokens)]
    reused.append(generated.reused_tokens)
    assert reused[:2] == [0, 0] and 50 < reused[2] < reused[3]


def test_whatever_was_asked_before_changes_no_answer(model: EngineModel) -> None:
    draw = random.Random(0)
    beginnings = [bytes(draw.choices(b"abcdef ", k=length)) for length in (40, 80, 120)]
    beginnings.append(beginnings[1] + beginnings[0])
    for _ in range(8):
        prompts = []
        for _ in range(draw.choice((1, 1, 2, 5))):
            beginning = draw.choice(beginnings)[: draw.choice((3, 60, 200))]
            prompts.append(tuple(beginning + bytes(draw.choices(b"uvwxyz", k=draw.randint(1, 9)))))
        fresh = EngineModel("fresh", model.network, model.tokenizer)
        requests = [GenerationRequest(prompt, 4) for prompt in prompts]
        found, wanted = model.generate(requests), fresh.generate(requests, batch_size=1)
        assert [each.tokens for each in found] == [each.tokens for each in wanted]
        assert all(0 <= each.reused_tokens < each.prompt_tokens for each in found)
        scored = [ScoreRequest(prompt, (120, 121)) for prompt in prompts]
        assert [each.log_likelihood for each in model.log_likelihoods(scored)] == pytest.approx(
            [each.log_likelihood for each in fresh.log_likelihoods(scored, batch_size=1)], abs=1e-4
        )


def test_a_stop_that_comes_over_several_tokens_ends_the_text(model: EngineModel) -> None:
    whole = model.generate([asked(model, PROMPTS[1], max_tokens=60)])[0].text
    for begin, end in ((20, 24), (30, 31), (3, 11)):
        stops = ("never said", whole[begin:end])
        cut = model.generate([asked(model, PROMPTS[1], max_tokens=60, stop=stops)])[0]
        assert cut.text == whole[: whole.find(whole[begin:end])]


def test_a_context_that_is_too_long_is_cut_at_its_left(model: EngineModel) -> None:
    found = model.log_likelihoods([ScoreRequest(tuple(range(3, 203)) * 3, (5, 6))])[0]
    kept = (tuple(range(3, 203)) * 3)[-511:]
    assert found.cut_tokens == 89
    again = model.log_likelihoods([ScoreRequest(kept, (5, 6))])[0]
    assert found.log_likelihood == again.log_likelihood


def test_a_prompt_that_does_not_fit_is_refused(model: EngineModel) -> None:
    with pytest.raises(InputError, match=r"A prompt has 512 tokens, and 512 is all that fits"):
        model.generate([GenerationRequest((5,) * 512, 4)])


def test_nothing_more_is_generated_once_nobody_waits(model: EngineModel) -> None:
    requests = [asked(model, "x" * length, max_tokens=50) for length in range(1, 40)]
    looks = 0

    def is_left() -> bool:
        nonlocal looks
        looks += 1
        return looks > 5

    found = model.generate(requests, batch_size=16, is_left=is_left)
    assert {each.finish for each in found} == {"length"}
    # The longest sixteen were under way, and the others had not begun.
    assert [len(each.tokens) for each in found] == [0] * 23 + [5] * 16
    # One look for each batch that does not begin any more.
    assert looks <= 9


def test_finished_texts_are_told_as_they_come(model: EngineModel) -> None:
    told: list[int] = []
    requests = [asked(model, "x", max_tokens=count) for count in (9, 3, 6)]
    model.generate(requests, on_done=lambda index, _: told.append(index))
    assert told == [1, 2, 0]


@pytest.mark.parametrize("spec", ["llama", "hf:", "onx:there"])
def test_a_name_of_no_form_is_refused(spec: str) -> None:
    with pytest.raises(InputError, match="is not a language model"):
        open_language_model(spec)


def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        open_language_model(f"hf:{tmp_path}/none")
    with pytest.raises(InputError, match="There is no folder"):
        open_language_model("executorch:./none")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="is a file; hf: takes the folder"):
        open_language_model(f"hf:{tmp_path}/config.json")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be loaded"):
        open_language_model(f"hf:{tmp_path}")
