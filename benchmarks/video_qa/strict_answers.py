"""The `strict` reading of a reply to a multiple-choice question.

What a reply says as its answer, in this order; the first kind that it holds decides:

1. the whole reply is a letter, an option, or both, with no more than a word such as "probably";
2. a final answer: "final answer: C", `\\boxed{C}`, <answer>C</answer>, {"answer": "C"};
3. a statement of the answer: "the correct answer is (C)", "I choose C", "Answer: C";
4. a judgement: "it must be C", "C is correct";
5. a letter that opens the reply and is set apart, or an option's text that does;
6. a guess: "it could be C";
7. a letter that ends the reply, set apart or after a word such as "so";
8. in a reply of one sentence, the text of one option.

Where that kind names several options, or none of the kinds is there, the reply is unparsed. Letters
inside words, an "A" that is an article, options that are refused ("not B") or only weighed, and
options that are listed do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from benchmarks.video_qa import answer_forms as forms
from benchmarks.video_qa.reply_text import plain_reply

_NO_WORD = re.compile(r"[\W_]+")
_LEADING_ARTICLE = re.compile(r"^\s*(?:an?|the)\s+(?=\w)", re.IGNORECASE)
_NEXT_QUESTION = re.compile(r"\n\s*(?:question|user|human|instruction)\s*\d*\s*:", re.IGNORECASE)
_AFTER_SUBJECT = 80
_NEAR_WORDS = 4
_NEARBY = 400
_MOST_WORDS = 40


def strict_answer(reply: str, letters: str, options: Sequence[str] = ()) -> str | None:
    """The letter that a reply gives as its one answer, or None.

    Args:
        reply: what the model said; see `plain_reply` for what of it is passed over.
        letters: the letters of the options.
        options: their texts in order, without the letters; empty where they are not known.

    >>> strict_answer("A man points at B, so the answer is (C).", "ABCD")
    'C'
    """
    text = plain_reply(reply, letters, options)
    choices = _Choices(letters, options)
    first = _NEXT_QUESTION.split(text, maxsplit=1)[0]
    if choices.whole(first) or choices.opening(first):
        # What a model goes on to ask itself is no part of its answer.
        text = first
    kinds = (
        choices.whole,
        choices.final,
        choices.stated,
        choices.judged,
        choices.opening,
        choices.guessed,
        choices.closing,
        choices.mentioned,
    )
    for read in kinds:
        named = read(text)
        if named:
            return named.pop() if len(named) == 1 else None
    return None


class _Choices:
    """The options of a question, and where a text names them."""

    def __init__(self, letters: str, options: Sequence[str]) -> None:
        self.letters = letters
        self.texts = [_normal(option) for option in options[: len(letters)]]

    def whole(self, text: str) -> set[str]:
        """Letters with nothing but marks around them, an option's text, or both."""
        found = forms.whole(self.letters).fullmatch(text) if len(text) < _NEARBY else None
        if found:
            return {letter.upper() for letter in re.findall(r"[A-Za-z]", found.group(1))}
        head = forms.opening(self.letters).match(text)
        if head and head.group(1).upper() in self._with_text(text[head.end() :]):
            return {head.group(1).upper()}
        return self._with_text(text)

    def final(self, text: str) -> set[str]:
        """What is boxed or tagged, or called the final answer."""
        named: set[str] = set()
        for found in forms.DELIMITED.finditer(text):
            content = (found.group(1) or found.group(2) or "").strip(" {}\n\t")
            named |= self.whole(content) or self.opening(content) or self.stated(content)
        return named | _all(letters for _, letters in self._claims(forms.FINAL, text))

    def stated(self, text: str) -> set[str]:
        """What is called the answer, or chosen; and what takes it back: "wait, it is B"."""
        claims = [*self._claims(forms.STATED, text), *self._of_subjects(text)]
        if not claims:
            return set()
        last = max(at for at, _ in claims)
        its = self._claims(forms.IT_IS, text, texts=False)
        later = (letters for at, letters in its if at > last)
        return _all(letters for _, letters in claims) | _all(later)

    def judged(self, text: str) -> set[str]:
        """What "it" is, and letters that are called right."""
        named = _all(letters for _, letters in self._claims(forms.IT_IS, text, texts=False))
        for found in forms.judged(self.letters).finditer(text):
            if not _is_doubted(text, found.end("letter")):
                named.add(found.group("letter").upper())
        return named | {found.group(1) for found in forms.called_right(self.letters).finditer(text)}

    def opening(self, text: str) -> set[str]:
        """The letter that the text begins with, set apart, unless it heads a list of options; or
        the option whose text it begins with."""
        found = forms.opening(self.letters).match(text)
        if not found:
            first, *others = text.split("\n")
            named = self._with_beginning(first)
            if named != self._mentions(forms.SENTENCE_END.split(first, maxsplit=1)[0])[0]:
                return set()
            return named | _all(map(self._with_text, others))
        heads = list(islice(forms.heads(self.letters).finditer(text), 2))
        is_list = [head.group(1) for head in heads] == ["A", "B"]
        if is_list and heads[0].start(1) == found.start(1):
            return set()
        rest = text[found.end() :].split("\n")[0]
        if found.group(1).islower() and rest.strip() and not self._with_text(rest):
            return set()
        if forms.WRONG.match(rest[self._beginning(rest) :]):
            return set()
        return self._all_at(text, found.start(1))

    def guessed(self, text: str) -> set[str]:
        """What the answer could be."""
        return _all(letters for _, letters in self._claims(forms.GUESS, text))

    def closing(self, text: str) -> set[str]:
        """The letter that the text ends with, set apart or after a word that concludes."""
        lines = text.split("\n")
        if len(lines) > 1 and self._ends(lines[-1]):
            return _all(map(self._ends, lines))
        end = forms.closing(self.letters).search(text)
        if not end:
            return set()
        sentence = forms.SENTENCE_END.split(text[: end.start("letter")])[-1]
        if forms.REFUSES.search(sentence) and not end.group("concludes"):
            return set()
        others = {
            match.group(1)
            for part in forms.SENTENCE_END.split(text)
            if not forms.REFUSES.search(part)
            for match in forms.bracketed(self.letters).finditer(part)
        }
        return {end.group("letter").upper()} | (others if end.group("bracket") else set())

    def mentioned(self, text: str) -> set[str]:
        """The option whose text, or the most of it, is in a reply of one sentence that refuses
        nothing."""
        if len(text.split()) > _MOST_WORDS or forms.SENTENCE_END.search(text.rstrip(" .!?;\n")):
            return set()
        found, rest = self._mentions(text)
        if forms.REFUSES.search(rest):
            return set()
        said = _normal(text)
        parts = {
            letter
            for letter, option in zip(self.letters, self.texts, strict=False)
            if f" {said} " in f" {option} " and 2 * len(said.split()) >= len(option.split()) > 1
        }
        return found or parts

    def _mentions(self, text: str) -> tuple[set[str], str]:
        """The options whose texts are in a text, and what else is in it."""
        rest = f" {_normal(text)} "
        found: set[str] = set()
        # Longer texts first: "light blue" holds "blue".
        for option, letter in sorted(
            zip(self.texts, self.letters, strict=False), key=lambda pair: -len(pair[0])
        ):
            if option and f" {option} " in rest:
                found.add(letter)
                rest = rest.replace(f" {option} ", "  ")
        return found, rest

    def _ends(self, line: str) -> set[str]:
        """What a line says that is an answer by itself."""
        return self.whole(line) or (set() if self.texts else self.opening(line))

    def _of_subjects(self, text: str) -> Iterator[tuple[int, set[str]]]:
        """(where, the letters) of what "the answer", with some words after it, is said to be."""
        for subject in forms.SUBJECT.finditer(text):
            to = subject.end() + _AFTER_SUBJECT
            end = forms.SENTENCE_END.search(text, subject.end(), to)
            for copula in forms.COPULA.finditer(text, subject.end(), to):
                if end and copula.start() > end.start():
                    break
                # Texts of options count right after the noun alone: "the answer is blue".
                is_near = len(text[subject.end() : copula.start()].split()) <= _NEAR_WORDS
                here = self._said_at(text, copula.end(), texts=is_near)
                if here:
                    yield copula.end(), here
                    break

    def _claims(
        self, statement: re.Pattern[str], text: str, *, texts: bool = True
    ) -> Iterator[tuple[int, set[str]]]:
        """(where, the letters) of what is said after statements, by letter or by text."""
        for found in statement.finditer(text):
            here = self._said_at(text, found.end(), texts=texts)
            if here:
                yield found.end(), here

    def _said_at(self, text: str, at: int, *, texts: bool) -> set[str]:
        lead = forms.LEAD.match(text, at)
        assert lead is not None
        begin = lead.end()
        here = self._all_at(text, begin, is_named=lead.group("named") is not None)
        if here:
            # "Is it A? No …" asks; a question at the end is the answer, unsure.
            is_asked = forms.ASKED.match(text, begin) is not None
            is_refused = forms.WRONG.match(text, begin + 1) or _is_doubted(text, at)
            return set() if is_asked or is_refused else here
        if not texts:
            return set()
        rest = text[at : at + _NEARBY].lstrip(" :\n\t\"'“‘([").split("\n")[0]
        return self._with_text(forms.SENTENCE_END.split(rest)[0]) or self._with_beginning(rest)

    def _all_at(self, text: str, at: int, *, is_named: bool = False) -> set[str]:
        """The letter at a place, and those that "and", "or" or a stroke joins to it."""
        found = forms.letter(self.letters, is_named).match(text, at)
        if not found or forms.ARTICLE.match(text, at):
            return set()
        named = {found.group().upper()}
        end = found.end()
        while more := forms.joined(self.letters).match(text, end):
            named.add(more.group(1))
            end = more.end()
        # "B. Apple", where Apple is another option, says two things.
        meant = self._with_text(text[end : end + _NEARBY].split("\n")[0])
        return named if meant & named else named | meant

    def _with_text(self, text: str) -> set[str]:
        """The options that have this text."""
        said = _normal(text)
        return {
            letter
            for letter, option in zip(self.letters, self.texts, strict=False)
            if said and option == said
        }

    def _with_beginning(self, text: str) -> set[str]:
        """The option whose text a sentence begins with, up to a mark."""
        return self._with_text(re.split(r"[,.;:(\n]", text, maxsplit=1)[0])

    def _beginning(self, text: str) -> int:
        """How many characters of a text are one of the options."""
        for end in re.finditer(r"[\s:–—-]+(?=\S)|$", text[:_NEARBY]):
            if self._with_text(text[: end.start()]):
                return end.start()
        return 0


def _all(found: Iterable[set[str]]) -> set[str]:
    return set().union(*found)


def _is_doubted(text: str, at: int) -> bool:
    """Whether what stands before a place takes back what follows: "I do not think that"."""
    return forms.DOUBTS.search(text, max(at - _NEARBY, 0), at) is not None


def _normal(text: str) -> str:
    """A text's words in small letters, without an article before them."""
    return _NO_WORD.sub(" ", _LEADING_ARTICLE.sub("", text)).strip().lower()
