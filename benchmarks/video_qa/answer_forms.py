"""The forms in which replies name an option: patterns for words, and for letters of a question."""

from __future__ import annotations

import re
from functools import cache

_ADVERB = (
    r"(?:(?:most\s+)?(?:likely|probably|possibly|perhaps|maybe|clearly|indeed|therefore|thus"
    r"|definitely|certainly|actually|simply|obviously|surely)\s*,?\s*)"
)
_ONE_IS = r"(?:is|would\s+be|should\s+be|must\s+be|has\s+to\s+be|will\s+be)"
_BE = rf"(?:are|{_ONE_IS})"
_IS = (
    r"(?:\s*(?::|=+>?|-+>|→|➡|[-–—](?=\s))"
    rf"|,?\s+(?:{_BE}|es|est|ist|sería|serait|é|è)\b)+"
)
_NOUN = (
    r"(?:answer|ans\.?|option|choice|solution|prediction|selection|conclusion|(?:correct|right|best)"
    r"\s+one|respuesta|r[ée]ponse|antwort|resposta|risposta|ответ|opci[oó]n|opção|opzione|choix)"
)
_RIGHT = (
    r"(?i:(?:the\s+)?(?:only\s+|most\s+)?(?:correct|right|best|true|accurate|appropriate|likely"
    r"|answer|suitable)\b)"
)

COPULA = re.compile(_IS, re.IGNORECASE)
# A noun that a letter follows is that option's name, and states nothing.
SUBJECT = re.compile(rf"\b{_NOUN}(?!\w)(?!\s+\(?[A-Z]\)?(?!\w))", re.IGNORECASE)
STATED = re.compile(
    r"^\W{0,20}(?:the\s+)?(?:(?:correct|best|right)\s+)?(?:answer|option|choice)[^\S\n]*:?[^\S\n]*\n"
    rf"|\bans\.|\bletter(?:{_IS})"
    r"|\b(?:i|we)(?:['’](?:d|ll|ve|m)|\s+(?:would|will|have|am|do|can|must))*\s+(?:chose|chosen"
    r"|choose|select(?:ed)?|pick(?:ed)?|go(?:ing)?\s+(?:with|for)|opt(?:ed)?\s+for|answer|say"
    r"|guess|think|believe)\b(?:\s+that)?"
    r"|(?:정답|답)\s*(?:은|는|이|:)|옵션|(?:答案|选项|選項)(?:应该|應該)?[是为為:]?"
    r"|(?:我|应|应该|應該|故)?[选選][择擇]?|(?:答え|正解)\s*[は:]|\bc['’]est\b",
    re.IGNORECASE | re.MULTILINE,
)
FINAL = re.compile(
    rf"\bfinal\s+(?:answer|option|choice)\b(?:[^.\n;]{{0,40}}?)(?:{_IS}|[^\S\n]*\n)"
    r"|[\"'](?:final_?\s?)?(?:answer|option|choice|prediction|correct_(?:answer|option))[\"']\s*:",
    re.IGNORECASE,
)
DELIMITED = re.compile(
    r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}|[<\[]answer[>\]](.*?)(?:[<\[]/answer[>\]]|$)",
    re.DOTALL | re.IGNORECASE,
)
IT_IS = re.compile(
    rf"\b(?:it|this|that|which)(?:['’]s|\s+{_BE})(?!\s+(?:not|n['’]t)\b)", re.IGNORECASE
)
GUESS = re.compile(
    r"\b(?:answer|option|choice|it|this|that)\s+(?:could|might|may)\s+(?:well\s+|also\s+)?be\b",
    re.IGNORECASE,
)
# What may stand between a statement and the letter.
LEAD = re.compile(
    rf"\s*(?:not\s+\(?[A-Z]\)?\s*,?\s*but\s+)?{_ADVERB}?"
    r"(?P<named>[^\w.?!;]{0,12}(?:the\s+|la\s+)?(?:option|choice|letter|answer|opci[oó]n)\b)?"
    r"(?:\s*(?:la|el|le|die)\s)?[^\w.?!;]{0,12}",
    re.IGNORECASE,
)
# "A" before a word in lower case is an article, unless no noun can follow there.
ARTICLE = re.compile(
    r"A\s+(?!(?:because|since|as|and|or|is|was|but|for|which|that|based|due|given|not|if|would"
    r"|from|in|to|on|at|of|with)\b)[a-z]"
)
ASKED = re.compile(r"[A-Za-z][)\]\"']*\?\s*\S")
WRONG = re.compile(
    r"[)\]\s:–—-]*(?:(?:is|are|was|would\s+be|seems|does|do|can)\s*)?(?:not\b(?!\s+\(?[A-Z]\b)"
    r"|cannot\b|(?:is|does|do|was|ca)n['’]t\b|incorrect|wrong|false|ruled\s+out|unlikely|no\b)",
    re.IGNORECASE,
)
REFUSES = re.compile(
    r"\b(?:not|no|never|cannot|neither|rule[sd]?\s+out|eliminate\w*|incorrect|wrong|unlikely)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
DOUBTS = re.compile(
    r"(?:\bnot|n['’]t)\s+(?:think|believe|say|sure|certain|clear|know|mean)\b[^,.;\n]*$",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"[.!?;](?=\s|$)|\n")


@cache
def whole(letters: str) -> re.Pattern[str]:
    """Letters alone, of either case, with marks and a word or two around them."""
    one = _any_case(letters)
    said = r"(?:(?:hm+|well|ok(?:ay)?|sure|certainly|um+|yes|so)[\s,.!:…]+)?"
    named = rf"(?:{_ADVERB}|(?:option|choice|letter|answer|opci[oó]n)\b)?"
    return re.compile(
        rf"(?i:\W{{0,20}}(?:q?\d+\s*[.:)]\s*)?{said}{named})\W{{0,20}}({one}(?:[\W_]+{one})*)[\W_]*"
        r"(?:(?:です|だ|입니다|번)[\W_]*)?"
    )


@cache
def letter(letters: str, is_named: bool) -> re.Pattern[str]:
    """A letter that is no part of a word. A small one counts only where a mark or the end follows,
    or where "option" stands before it: "a" is mostly an article."""
    ending = r"(?![\w'’])" if is_named else r"(?=\s*$|[)\]}>.:,;!?\"'])(?!['’]\w)"
    return re.compile(rf"[{letters}](?![A-Za-z0-9_]|['’]\w|-\w)|[{letters.lower()}]{ending}")


@cache
def opening(letters: str) -> re.Pattern[str]:
    """A letter at the beginning that a mark sets apart."""
    return re.compile(
        rf"\W{{0,20}}(?:(?i:option|choice)\s+)?[(\[\"'<]?({_any_case(letters)})"
        r"(?:[)\]>\"']+[.:,;]*|[.:、](?!\w\.)|[,;\n。]+|\s*$|\s+[-–—]\s"
        r"|(?=\s+\(|\s+(?:because|since|and|or|I\s+think)\b))"
    )


@cache
def heads(letters: str) -> re.Pattern[str]:
    """A line that begins with a letter, set apart."""
    return re.compile(rf"^[\s(\[•-]*([{letters}])[).:]+(?=\s|$)", re.MULTILINE)


@cache
def judged(letters: str) -> re.Pattern[str]:
    """A letter at a clause's beginning that is called right, such as "so C is correct"."""
    before = (
        r"(?:^|[.!?;:,\n(]\s*|\b(?:option|choice|answer|letter|so|thus|therefore|hence|and|but|that"
        r"|think|believe|then|only)\s+)"
    )
    return re.compile(
        rf"(?i:{before})\(?(?P<letter>[{letters}]|(?<=[Oo]ption ){_any_case(letters)})\)?"
        rf"(?:(?i:\s+(?:{_ONE_IS}|seems|appears|looks)\s+{_ADVERB}?|\s*[:–-]\s*){_RIGHT}"
        r"|(?i:\s+best\s+(?:fits|matches|describes|answers|reflects|represents))"
        r"|(?i:\s+(?:fits|matches)\s+best)|\s*(?:是)?正确|\s*が正解|[이가]?\s*정답)",
        re.MULTILINE,
    )


@cache
def called_right(letters: str) -> re.Pattern[str]:
    """A line that begins with a letter and ends in its being right."""
    return re.compile(
        rf"^\W{{0,20}}([{letters}])[).:]+\s(?![^\n]*\b(?i:not)\W+{_RIGHT})[^\n]*"
        rf"(?:[-–—:(]\s*{_RIGHT}|[✓✔✅])\W*$",
        re.MULTILINE,
    )


@cache
def closing(letters: str) -> re.Pattern[str]:
    """A letter at the end, after a word that concludes, "option", a sentence, or in brackets."""
    return re.compile(
        r"(?:\b(?P<concludes>(?i:so|thus|therefore|hence|leaving)\b[\s,:]+)"
        r"|\b(?i:option|choice|answer)\s+|[.!?:;]\s+|(?P<bracket>))"
        rf"(?(bracket)[(\[]|[(\[\"']?)(?P<letter>[{letters}])[)\]\"']*[\s.!]*$"
    )


@cache
def bracketed(letters: str) -> re.Pattern[str]:
    """A letter in brackets."""
    return re.compile(rf"[(\[]([{letters}])[)\]]")


@cache
def joined(letters: str) -> re.Pattern[str]:
    """What joins another letter to one: "and", "or", a comma of a list, a stroke."""
    return re.compile(
        r"[)\]]?(?:\s*\([^()\n]{0,80}\))?\s*"
        r"(?:,?\s*(?:and|or)\b(?:\s+(?:maybe|possibly|perhaps|even|also|option))?|/|&"
        rf"|,(?=\s*[(\[]?[{letters}][)\]]?\s*(?:,|and\b|or\b|$)))"
        rf"\s*[(\[]?([{letters}])(?![A-Za-z0-9_]|['’]\w)"
    )


@cache
def _any_case(letters: str) -> str:
    return f"[{letters}{letters.lower()}]"
