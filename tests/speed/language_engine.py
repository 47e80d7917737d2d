"""The language engine against transformers' own generate and lm-evaluation-harness's scoring.

    python -m tests.speed.language_engine [--blocks N] [--hidden N] [--requests N] [--rounds N]

A Llama of MobileLLM's shape and random weights, by default of a few million parameters (--blocks 30
--hidden 576 is MobileLLM-125M), on the CPU in fp32. All take the same requests in turn; the least
of the rounds counts, and what they answer is compared.

- generation: prompts of many lengths with one beginning, as function calling has them, against
  transformers' generate with batches of the same size in the order asked, and one at a time;
- scoring: four continuations of each context, as multiple-choice tasks have them, against
  lm-evaluation-harness's HFLM with batches of the same size. HFLM needs accelerate, which nothing
  here does: pip install --no-deps --target DIR accelerate, and DIR in PYTHONPATH.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from runners.models.devices import Placement
from runners.models.language.engine import EngineModel
from runners.models.language.hf import HfNetwork
from runners.models.language.interface import GenerationRequest, ScoreRequest
from runners.models.language.tokenizers import HfTokenizer
from runners.models.memory import peak_bytes
from tests.support.tiny_models import make_tiny_llama

VOCABULARY = 32_000
BATCH = 16
NEW_TOKENS = 32


def made(blocks: int, hidden: int) -> Any:
    """A Llama of random weights in MobileLLM's proportions, which never ends a text by itself."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        intermediate_size=hidden * 8 // 3,
        num_hidden_layers=blocks,
        num_attention_heads=hidden // 64 or 1,
        num_key_value_heads=max(1, hidden // 192),
        tie_word_embeddings=True,
        pad_token_id=0,
        eos_token_id=None,
    )
    return LlamaForCausalLM(config).eval()


def least(rounds: int, run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the quickest round, and what it gave."""
    found: tuple[float, Any] | None = None
    for _ in range(rounds):
        began = time.perf_counter()
        answer = run()
        seconds = time.perf_counter() - began
        if found is None or seconds < found[0]:
            found = seconds, answer
    assert found is not None
    return found


def generated(model: Any, prompts: Sequence[tuple[int, ...]], rows: int) -> list[list[int]]:
    """By transformers, so many rows at a time, in the order asked."""
    import torch

    found: list[list[int]] = []
    for begin in range(0, len(prompts), rows):
        batch = prompts[begin : begin + rows]
        longest = max(map(len, batch))
        ids = torch.tensor([[0] * (longest - len(row)) + list(row) for row in batch])
        seen = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in batch])
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids, attention_mask=seen, max_new_tokens=NEW_TOKENS, do_sample=False
            )
        found += out[:, longest:].tolist()
    return found


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--hidden", type=int, default=192)
    parser.add_argument("--requests", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    model = made(options.blocks, options.hidden)
    with TemporaryDirectory() as folder:
        tokenizer = HfTokenizer(str(make_tiny_llama(Path(folder))))
    network = HfNetwork(model, Placement("cpu", "fp32"), dict)
    engine = EngineModel("random", network, tokenizer)
    draw = np.random.default_rng(0)

    def drawn(least: int, most: int) -> tuple[int, ...]:
        length = int(draw.integers(least, most + 1))
        return tuple(int(token) for token in draw.integers(3, VOCABULARY, length))

    parameters = sum(weight.numel() for weight in model.parameters())
    print(f"{parameters / 1e6:.1f} M parameters, batches of {BATCH}, {options.requests} requests")
    beginning = drawn(200, 200)
    prompts = [beginning + drawn(10, 150) for _ in range(options.requests)]
    asked = [GenerationRequest(prompt, NEW_TOKENS) for prompt in prompts]
    ours, texts = least(options.rounds, lambda: engine.generate(asked, batch_size=BATCH))
    batched, by_batch = least(options.rounds, lambda: generated(model, prompts, BATCH))
    alone, by_one = least(1, lambda: generated(model, prompts, 1))
    mine = [list(text.tokens) for text in texts]
    new = NEW_TOKENS * len(prompts)
    print(
        f"generation: {ours:.2f} s ({new / ours:.0f} tokens/s), transformers {batched:.2f} s in"
        f" batches ({batched / ours:.1f} times ours) and {alone:.2f} s one at a time"
        f" ({alone / ours:.1f} times); equal texts"
        f" {sum(a == b for a, b in zip(mine, by_one, strict=True))} of {len(mine)} with one at a"
        f" time, {sum(a == b for a, b in zip(by_batch, by_one, strict=True))} within transformers"
    )

    contexts = [drawn(20, 200) for _ in range(options.requests)]
    requests = [ScoreRequest(context, drawn(3, 20)) for context in contexts for _ in range(4)]
    ours, scores = least(options.rounds, lambda: engine.log_likelihoods(requests, batch_size=BATCH))
    peak = peak_bytes("cpu")

    from lm_eval.models.huggingface import HFLM

    harness = HFLM(pretrained=model, tokenizer=tokenizer.hf, batch_size=BATCH, max_length=2_048)
    pairs = [(("", ""), list(each.context), list(each.continuation)) for each in requests]
    theirs, found = least(
        options.rounds, lambda: harness._loglikelihood_tokens(pairs, disable_tqdm=True)
    )
    gap = max(
        abs(mine.log_likelihood - other[0]) for mine, other in zip(scores, found, strict=True)
    )
    print(
        f"scoring: {ours:.2f} s ({len(requests) / ours:.0f} requests/s), lm-evaluation-harness"
        f" {theirs:.2f} s ({theirs / ours:.1f} times ours); largest difference {gap:.1e}"
    )
    print(
        f"peak memory of the process: {peak / 2**20:.0f} MiB before the harness ran,"
        f" {peak_bytes('cpu') / 2**20:.0f} MiB after it"
    )


if __name__ == "__main__":
    main()
