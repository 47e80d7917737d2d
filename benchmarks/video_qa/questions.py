"""A multiple-choice question about a video, and how released and predicted rows become one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from benchmarks.video_qa.answers import letters_of
from results.errors import InputError

REPLY_KEYS = ("response", "prediction", "pred", "output", "reply")

_LETTERED = re.compile(r"^\s*\(?([A-Z])[.):]\s+")


@dataclass(frozen=True)
class Question:
    """A question, its options in order without their letters, and the letter of the right one."""

    id: str
    video: str
    text: str
    options: tuple[str, ...]
    answer: str | None
    slices: Mapping[str, str] = field(default_factory=dict)
    """What its benchmark breaks results down by, such as duration: short."""
    files: tuple[str, ...] = ()
    """How its video may be named in the released folder, beside `video`."""
    subtitles: str = ""
    """How the file of its subtitles is named, where that is not as the video is."""
    subtitles_from: float = 0.0
    """At which second of its subtitles the video begins, where it was cut from a longer one."""
    span: tuple[float, float] | None = None
    """From and to which second it is about, where it is not about the whole video."""
    cut_folders: tuple[str, ...] = ()
    """Names of folders whose videos are released cut to the span."""

    @property
    def media_names(self) -> tuple[str, ...]:
        """Names under which its video may be found, the likeliest first."""
        return tuple(dict.fromkeys([*self.files, self.video]))

    @property
    def letters(self) -> str:
        return letters_of(len(self.options))

    def span_in(self, video: PurePath) -> tuple[float, float] | None:
        """Which seconds of that file it is about; None for all."""
        return None if set(video.parts[:-1]) & set(self.cut_folders) else self.span


@dataclass(frozen=True)
class Row:
    """A row of a file: its content, where it stands, and the file's name without its ending."""

    content: Mapping[str, Any]
    place: str
    stem: str = ""

    def text(self, *keys: str) -> str:
        """The first of the keys that the row has, as a text. InputError where it has none."""
        for key in keys:
            value = self.content.get(key)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                return str(value)
        raise InputError(f"{self.place} has no `{keys[0]}`; it should be a text.")

    def maybe(self, *keys: str) -> str | None:
        """As `text`, None where the row has none of the keys."""
        return self.text(*keys) if any(self.content.get(key) is not None for key in keys) else None

    def options(self, *keys: str) -> tuple[str, ...]:
        """The texts of the options without their letters. InputError unless there are 2 to 26."""
        for key in keys:
            value = self.content.get(key)
            if isinstance(value, list) and all(
                isinstance(text, str | int | float) for text in value
            ):
                return self.checked([str(text) for text in value])
        raise InputError(f"{self.place} has no `{keys[0]}`; it should be a list of texts.")

    def checked(self, texts: Sequence[str]) -> tuple[str, ...]:
        if not 2 <= len(texts) <= 26:
            raise InputError(f"{self.place} has {len(texts)} options; there should be 2 to 26.")
        # Letters are taken off only where every option carries its own.
        found = [_LETTERED.match(text) for text in texts]
        if all(
            m and m.group(1) == letter
            for m, letter in zip(found, letters_of(len(texts)), strict=True)
        ):
            return tuple(text[m.end() :].strip() for text, m in zip(texts, found, strict=True) if m)
        return tuple(text.strip() for text in texts)

    def answer(self, options: Sequence[str], *keys: str) -> str | None:
        """The letter of the right option, which the row gives as a letter, an index or a text.

        None where the row has no answer. InputError where it is none of the options.
        """
        given = next((self.content[key] for key in keys if self.content.get(key) is not None), None)
        if given is None:
            return None
        letters = letters_of(len(options))
        if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < len(options):
            return letters[given]
        if isinstance(given, str):
            text = given.strip()
            same = [
                letter for letter, option in zip(letters, options, strict=True) if option == text
            ]
            if same:
                return same[0]
            lettered = _LETTERED.match(text)
            letter = lettered.group(1) if lettered else text.strip("().: ").upper()
            if len(letter) == 1 and letter in letters:
                return letter
            if text.isdecimal() and int(text) < len(options):
                return letters[int(text)]
        raise InputError(
            f"{self.place}: the answer {str(given)[:80]!r} is none of its {len(options)} options."
        )

    def span(self) -> tuple[float, float] | None:
        """`start` and `end` in seconds; None unless the row has both and they are in order."""
        begin, end = self.content.get("start"), self.content.get("end")
        for value in (begin, end):
            if isinstance(value, bool) or not isinstance(value, int | float):
                return None
        return (float(begin), float(end)) if 0 <= begin < end else None  # type: ignore[arg-type, operator]

    def reply(self) -> str | None:
        """What the model said; None where the row has no reply."""
        for key in REPLY_KEYS:
            if key in self.content:
                value = self.content[key]
                return "" if value is None else str(value)
        # MLVU's own form of predictions; in EgoSchema's questions `option` is a list.
        option = self.content.get("option")
        return option if isinstance(option, str) else None


def by_id(questions: Iterable[Question], source: object) -> dict[str, Question]:
    """The questions by id. InputError where an id stands twice."""
    found: dict[str, Question] = {}
    for question in questions:
        if question.id in found:
            raise InputError(
                f"{source} has the question {question.id[:80]!r} twice; keep one of them."
            )
        found[question.id] = question
    return found
