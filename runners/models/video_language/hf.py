"""Video-language models of transformers, in this process and without torchvision.

The weights come from a folder or the hub; code of the model's author is never run. Questions with
equally many frames go through the model together, filled at the left.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from results.errors import InputError, first_line
from runners.models.describing import Described, files_described, versions_described
from runners.models.devices import Placement
from runners.models.loading import end_tokens, quiet_transformers
from runners.models.memory import is_out_of_memory, peak_bytes
from runners.models.video_language.families import FAMILIES, Family, Shown
from runners.models.video_language.interface import Unanswered, VideoQuestion, VideoReply


class HfVideoModel:
    """A video-language model of one of `FAMILIES`."""

    largest_batch: int | None = None

    def __init__(
        self,
        name: str,
        model: Any,
        tokenizer: Any,
        family: Family,
        placement: Placement,
        described: Described,
        variant: str | None = None,
    ) -> None:
        self.name = name
        self.variant = variant
        self.device = placement.device
        self.precision: str = placement.precision
        self._model = model
        self._tokenizer = tokenizer
        self._family = family
        self._described = described

    def answer(self, questions: Sequence[VideoQuestion]) -> list[VideoReply | Unanswered]:
        replies: dict[int, VideoReply | Unanswered] = {}
        shown: dict[int, Shown] = {}
        for number, question in enumerate(questions):
            try:
                shown[number] = self._fitting(self._family.show(question), question)
            except InputError as error:
                replies[number] = Unanswered(str(error))
        groups: dict[int, list[int]] = {}
        for number in shown:
            groups.setdefault(len(questions[number].frames.pictures), []).append(number)
        for numbers in groups.values():
            found = self._answered(
                [shown[number] for number in numbers],
                max(questions[number].max_tokens for number in numbers),
            )
            for number, reply in zip(numbers, found, strict=True):
                replies[number] = reply
        return [replies[number] for number in range(len(questions))]

    def describe(self) -> Described:
        return dict(self._described)

    def close(self) -> None:
        return None

    def _fitting(self, shown: Shown, question: VideoQuestion) -> Shown:
        config = self._model.config
        inner = getattr(config, "text_config", config)
        fits = int(getattr(inner, "max_position_embeddings", 0) or 1 << 31)
        if len(shown.tokens) + question.max_tokens > fits:
            raise InputError(
                f"The question takes {len(shown.tokens)} tokens, {shown.visual_tokens} of them for"
                f" {len(question.frames.pictures)} frames, and {fits} fit into the model; ask with"
                " fewer frames."
            )
        return shown

    def _answered(self, shown: Sequence[Shown], max_tokens: int) -> list[VideoReply | Unanswered]:
        try:
            return self._generated(shown, max_tokens)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        if self.device == "cuda":
            importlib.import_module("torch").cuda.empty_cache()
        if len(shown) == 1:
            return [Unanswered("The memory of the device does not suffice; ask with fewer frames.")]
        half = len(shown) // 2
        return [
            *self._answered(shown[:half], max_tokens),
            *self._answered(shown[half:], max_tokens),
        ]

    def _generated(self, shown: Sequence[Shown], max_tokens: int) -> list[VideoReply | Unanswered]:
        torch: Any = importlib.import_module("torch")
        longest = max(len(each.tokens) for each in shown)
        padding = [longest - len(each.tokens) for each in shown]
        filler = self._tokenizer.pad_token_id
        if filler is None:
            filler = self._tokenizer.eos_token_id or 0
        ids = torch.tensor(
            [[filler] * pad + list(each.tokens) for each, pad in zip(shown, padding, strict=True)]
        )
        mask = torch.tensor([[0] * pad + [1] * (longest - pad) for pad in padding])
        inputs = self._family.together(shown, padding)
        inputs.update(input_ids=ids, attention_mask=mask)
        inputs = {
            name: value.to(self.device, self._model.dtype)
            if value.is_floating_point()
            else value.to(self.device)
            for name, value in inputs.items()
        }
        if self.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        clock = _FirstToken(torch)
        began = time.monotonic()
        with torch.inference_mode():
            produced = self._model.generate(
                **inputs,
                max_new_tokens=max_tokens,
                do_sample=False,
                pad_token_id=filler,
                stopping_criteria=[clock],
            )
        texts = produced[:, longest:].tolist()
        seconds = time.monotonic() - began
        ends = end_tokens(self._model)
        replies: list[VideoReply | Unanswered] = []
        for each, tokens in zip(shown, texts, strict=True):
            length = next((at for at, token in enumerate(tokens) if token in ends), len(tokens))
            replies.append(
                VideoReply(
                    text=self._tokenizer.decode(tokens[:length], skip_special_tokens=True),
                    visual_tokens=each.visual_tokens,
                    prompt_tokens=len(each.tokens),
                    output_tokens=length,
                    seconds_to_first=(clock.at or time.monotonic()) - began,
                    seconds=seconds,
                    peak_bytes=peak_bytes(self.device),
                    is_cut=length >= max_tokens,
                )
            )
        return replies


class _FirstToken:
    """Notes when the first token is there."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self.at: float | None = None

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        if self.at is None:
            if input_ids.is_cuda:
                self._torch.cuda.synchronize()
            self.at = time.monotonic()
        shape = (input_ids.shape[0],)
        return self._torch.zeros(shape, dtype=self._torch.bool, device=input_ids.device)


def open_hf_video_model(place: str, placement: Placement, variant: str | None) -> HfVideoModel:
    """The model in a folder, or of that name on the hub; InputError where it cannot be loaded."""
    with quiet_transformers() as transformers:
        try:
            config = transformers.AutoConfig.from_pretrained(place, trust_remote_code=False)
            family = FAMILIES.get(config.model_type)
            if family is None:
                raise InputError(
                    f"{place} is a {config.model_type}; videos can be asked about with"
                    f" {', '.join(sorted(FAMILIES))}."
                )
            tokenizer = transformers.AutoTokenizer.from_pretrained(place, trust_remote_code=False)
            model, found = transformers.AutoModelForImageTextToText.from_pretrained(
                place,
                dtype=placement.dtype,
                trust_remote_code=False,
                output_loading_info=True,
            )
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - a broken file makes the libraries raise anything
            raise InputError(
                f"The model hf:{place} cannot be loaded: {first_line(error)}; give a folder with a"
                " transformers model, or the name of one that the hub has."
            ) from None
    if found["missing_keys"]:
        raise InputError(
            f"The weights of {place} are not whole: {min(found['missing_keys'])} is missing;"
            " download the model anew."
        )
    if not tokenizer.chat_template:
        raise InputError(f"The model {place} has no chat template; use a model for chats.")
    model.to(placement.device).eval()
    described: Described = {
        "adapter": "transformers",
        "model_type": str(config.model_type),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        **versions_described("torch", "transformers"),
    }
    if Path(place).is_dir():
        described.update(files_described(Path(place).glob("*.safetensors")))
    return HfVideoModel(
        f"hf:{place}",
        model,
        tokenizer,
        family(tokenizer, config, place),
        placement,
        described,
        variant,
    )
