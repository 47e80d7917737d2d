"""Tokens of text by a transformers tokenizer, which stands beside exported files as well."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from results.errors import InputError, MissingExtra, first_line
from runners.models.loading import quiet_transformers


class HfTokenizer:
    """The tokenizer in a folder, or that of a model on the hub; its author's code is never run."""

    def __init__(self, place: str, ends: Sequence[int] = ()) -> None:
        """`ends` end a reply beside the tokenizer's own token and those that a folder's
        generation_config.json names."""
        try:
            with quiet_transformers() as transformers:
                self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
                    place, trust_remote_code=False
                )
        except MissingExtra:
            raise
        except Exception as error:  # noqa: BLE001 -- a broken file makes loading raise anything
            folder = Path(place)
            is_sentencepiece = (folder / "tokenizer.model").exists()
            if is_sentencepiece and importlib.util.find_spec("sentencepiece") is None:
                raise MissingExtra("A tokenizer in SentencePiece's form", "models") from None
            raise InputError(
                f"The tokenizer of {place} cannot be loaded: {first_line(error)}; put the"
                " tokenizer's files beside the model."
            ) from None
        own = self._tokenizer.eos_token_id
        self._ends = frozenset(
            [*ends, *_configured_ends(Path(place)), *([] if own is None else [int(own)])]
        )

    @property
    def ends(self) -> frozenset[int]:
        return self._ends

    @property
    def chat_template(self) -> str:
        # Some tokenizers have several, by their names.
        return str(self._tokenizer.chat_template or "")

    @property
    def takes_tools(self) -> bool:
        return "tools" in self.chat_template

    @property
    def hf(self) -> Any:
        """The transformers tokenizer itself, for libraries that take one."""
        return self._tokenizer

    def encode(self, text: str, *, special: bool) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=special))

    def decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    def chat(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None
    ) -> list[int]:
        try:
            found = self._tokenizer.apply_chat_template(
                [dict(message) for message in messages],
                tools=[dict(tool) for tool in tools] if tools else None,
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
            )["input_ids"]
        except Exception as error:  # noqa: BLE001 -- a template is a program of the model's author
            raise ValueError(f"the chat template failed: {error}"[:300]) from None
        return [int(token) for token in found]


def _configured_ends(folder: Path) -> list[int]:
    """The ends in the generation config that lies beside a tokenizer; none where there is none."""
    try:
        config = json.loads((folder / "generation_config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return []
    found = config.get("eos_token_id") if isinstance(config, dict) else None
    ends = found if isinstance(found, list) else [found]
    return [end for end in ends if isinstance(end, int) and not isinstance(end, bool)]
