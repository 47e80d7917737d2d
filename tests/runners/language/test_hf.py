"""transformers models as networks: whatever a batch holds, each row is as it would be alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from results.errors import InputError
from runners.models.devices import Placement
from runners.models.language import hf
from runners.models.language.hf import HfNetwork, open_hf_network
from runners.models.language.interface import Tokens
from runners.models.language.opening import open_language_model
from tests.support.tiny_models import make_tiny_llama

torch: Any = pytest.importorskip("torch", reason="the extra `models` is not installed")
transformers: Any = pytest.importorskip(
    "transformers", reason="the extra `models` is not installed"
)

VOCABULARY = 97
CPU = Placement("cpu", "fp32")
ROWS = ([5, 6, 7, 8, 9, 10, 11, 12, 13, 14], [20, 21], [30, 31, 32, 33, 34])


def made(kind: str) -> Any:
    """A tiny model of random weights."""
    torch.manual_seed(0)
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2}
    heads = {"intermediate_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2}
    if kind == "llama":
        config = transformers.LlamaConfig(**sizes, **heads)
    elif kind == "sliding window":
        config = transformers.MistralConfig(**sizes, **heads, sliding_window=4)
    elif kind == "learned positions":
        config = transformers.GPT2Config(
            vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=128
        )
    else:
        config = transformers.BloomConfig(
            vocab_size=VOCABULARY, hidden_size=32, n_layer=2, n_head=4
        )
    return transformers.AutoModelForCausalLM.from_config(config).eval()


KINDS = ["llama", "sliding window", "learned positions", "no positions"]


@pytest.fixture(scope="module", params=KINDS)
def model(request: pytest.FixtureRequest) -> Any:
    return made(request.param)


@pytest.fixture
def network(model: Any) -> HfNetwork:
    return HfNetwork(model, CPU, dict)


def filled(rows: Sequence[Sequence[int]]) -> tuple[Tokens, Tokens]:
    lengths = np.array([len(row) for row in rows], np.int64)
    tokens = np.zeros((len(rows), int(lengths.max())), np.int64)
    for number, row in enumerate(rows):
        tokens[number, : len(row)] = row
    return tokens, lengths


def alone(model: Any, row: Sequence[int]) -> Any:
    """All logits of a row, (length, vocabulary), from one forward pass without a cache."""
    with torch.inference_mode():
        return model(input_ids=torch.tensor([list(row)]), use_cache=False).logits[0]


def check_scores(
    model: Any, found: tuple[Any, Any], rows: Sequence[Sequence[int]], of: int
) -> None:
    """That the scores of the last `of` tokens of each row are those of a plain forward pass."""
    scores, greedy = found
    for number, row in enumerate(rows):
        shares = alone(model, row).log_softmax(-1)
        width = of or len(row) - 1
        begin = 0 if of == 0 else len(row) - 1 - of
        for place in range(width):
            before = begin + place
            wanted = row[before + 1]
            assert scores[number, place] == pytest.approx(float(shares[before, wanted]), abs=1e-5)
            assert greedy[number, place] == (int(shares[before].argmax()) == wanted)


def test_what_comes_next_does_not_depend_on_the_batch(model: Any, network: HfNetwork) -> None:
    cache, logits = network.read(*filled(ROWS))
    rows = [list(row) for row in ROWS]
    for number, row in enumerate(rows):
        np.testing.assert_allclose(logits[number], alone(model, row)[-1].numpy(), atol=1e-5)
    for token in (40, 41, 42, 43, 44, 45):
        cache, logits = network.step(cache, np.full(len(rows), token, np.int64))
        for number, row in enumerate(rows):
            row.append(token)
            np.testing.assert_allclose(logits[number], alone(model, row)[-1].numpy(), atol=1e-5)
        if token == 42:
            cache = network.keep(cache, [2, 0])
            rows = [rows[2], rows[0]]


def test_scores_are_those_of_a_plain_forward_pass(model: Any, network: HfNetwork) -> None:
    check_scores(model, network.token_scores(*filled(ROWS)), ROWS, of=0)


def test_scores_in_parts_are_the_same(
    model: Any, network: HfNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hf, "_MOST_LOGITS", 3 * VOCABULARY * len(ROWS))
    check_scores(model, network.token_scores(*filled(ROWS)), ROWS, of=0)


def test_only_full_attention_goes_on_from_a_cache() -> None:
    able = {kind for kind in KINDS if HfNetwork(made(kind), CPU, dict).reads_after}
    assert able == {"llama", "learned positions", "no positions"}


@pytest.mark.parametrize("kind", ["llama", "learned positions", "no positions"])
def test_a_prefix_of_one_row_stands_before_each(kind: str) -> None:
    model = made(kind)
    network = HfNetwork(model, CPU, dict)
    prefix = list(range(50, 61))
    after, _ = network.read(*filled([prefix]))
    for _ in range(2):
        cache, logits = network.read(*filled(ROWS), after=after)
        whole = [[*prefix, *row] for row in ROWS]
        for number, row in enumerate(whole):
            np.testing.assert_allclose(logits[number], alone(model, row)[-1].numpy(), atol=1e-5)
        _, logits = network.step(cache, np.array([1, 2, 3], np.int64))
        for number, row in enumerate(whole):
            expected = alone(model, [*row, number + 1])[-1].numpy()
            np.testing.assert_allclose(logits[number], expected, atol=1e-5)
        scores, greedy = network.token_scores(*filled(ROWS), after=after)
        starts = [row[: len(prefix) + 2] for row in whole]
        check_scores(model, (scores[:, :1], greedy[:, :1]), starts, of=1)


@pytest.mark.parametrize("kind", ["llama", "learned positions", "no positions"])
def test_prefixes_of_several_lengths_stand_before_several_rows(kind: str) -> None:
    model = made(kind)
    network = HfNetwork(model, CPU, dict)
    cache, _ = network.read(*filled(ROWS))
    # The second prefix goes before two rows, and the third before none.
    after = network.keep(cache, [1, 0, 1])
    tails = ([60, 61, 62], [63, 64], [65, 66])
    scores, greedy = network.token_scores(*filled(tails), after=after)
    for number, (prefix, tail) in enumerate(zip((1, 0, 1), tails, strict=True)):
        row = [*ROWS[prefix], *tail]
        of_row = (scores[[number], : len(tail) - 1], greedy[[number], : len(tail) - 1])
        check_scores(model, of_row, [row], of=len(tail) - 1)
    again, _ = network.token_scores(*filled(tails), after=after)
    np.testing.assert_array_equal(again, scores)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_precision_is_that_of_the_weights(tmp_path: Path, precision: str) -> None:
    folder = make_tiny_llama(tmp_path / "m")
    half = open_hf_network(str(folder), Placement("cpu", precision))  # type: ignore[arg-type]
    whole = open_hf_network(str(folder), CPU)
    kind = {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    assert {weight.dtype for weight in half.model.parameters()} == {kind}
    scores, _ = half.token_scores(*filled(ROWS))
    expected, _ = whole.token_scores(*filled(ROWS))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores[0], expected[0], atol=0.1)
    assert np.abs(scores[0] - expected[0]).max() > 0


def test_weights_that_do_not_fill_the_model_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = make_tiny_llama(tmp_path / "m")
    weights = load_file(folder / "model.safetensors")
    weights.pop("model.layers.1.mlp.up_proj.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"1 are missing .*layers\.1\.mlp\.up_proj"):
        open_language_model(f"hf:{folder}", device="cpu")


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    import json

    folder = make_tiny_llama(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text()) | {"intermediate_size": 96}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=r"6 are missing or of another shape .*mlp\.down_proj"):
        open_language_model(f"hf:{folder}", device="cpu")


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\x10" + bytes(7) + b"{}"])
def test_a_broken_file_of_weights_is_named(tmp_path: Path, content: bytes) -> None:
    folder = make_tiny_llama(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(InputError, match=f"The model hf:{folder} cannot be loaded"):
        open_language_model(f"hf:{folder}", device="cpu")


def test_pickled_code_in_weights_is_never_run(tmp_path: Path) -> None:
    import pickle

    folder = make_tiny_llama(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    trace = tmp_path / "ran"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (trace,))

    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(InputError, match="cannot be loaded"):
        open_language_model(f"hf:{folder}", device="cpu")
    assert not trace.exists()


def test_code_that_a_model_brings_is_never_run(tmp_path: Path) -> None:
    import json

    folder = make_tiny_llama(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    trace = tmp_path / "ran"
    config |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.C", "AutoModelForCausalLM": "own.M"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(trace)!r}, 'w')\nclass C: ...\nclass M: ...\n")
    with pytest.raises(InputError, match="cannot be loaded"):
        open_language_model(f"hf:{folder}", device="cpu")
    assert not trace.exists()


def test_a_record_tells_size_files_and_versions(tmp_path: Path) -> None:
    folder = make_tiny_llama(tmp_path / "m")
    model = open_language_model(f"hf:{folder}", device="cpu")
    told = model.describe()
    assert told["model_type"] == "llama" and told["adapter"] == "transformers"
    assert (
        told["parameters"] == 2 * 259 * 32 + 2 * (32 * 32 * 2 + 16 * 32 * 2 + 3 * 32 * 64 + 64) + 32
    )
    assert {"torch_version", "transformers_version", "bytes", "sha256"} <= set(told)
    (folder / "generation_config.json").write_text('{"eos_token_id": [2, 9]}')
    other = open_language_model(f"hf:{folder}", device="cpu")
    assert other.describe()["sha256"] != told["sha256"]
    assert other.tokenizer.ends == {2, 9}
