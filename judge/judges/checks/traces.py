"""Whether code that works speaks of a thing at all, in its names or in texts that it works with.

A thing of which working code bears a trace, though in no form that the checks know, is open; only
where there is neither is its absence a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from judge.code.facts import Key
from judge.judges.checks.asking import Act, Demand
from judge.judges.checks.scene import Scene
from judge.judges.checks.vocabulary import Concept

_TALKS = re.compile(r"^(?:print|log(?:ger|ging)?\.\w+|raise|click\.echo|warnings\.warn)\b")
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\W]+")
_STOP = frozenset(
    "with another from model data feature values based method using user each that than this the "
    "and for process number size result results file path name text list type performed".split()
)
SHORT = 6  # operations on data; with fewer, a piece of code leaves little room for unknown forms


def trace_of(scene: Scene, demand: Demand, keys: frozenset[Key], act: Act) -> tuple[str, int]:
    """(path, line) of a live statement of the region that speaks of the demand; ("", 0) if none."""
    patterns = [pattern for concept in demand.concepts for pattern in _patterns(concept)]
    patterns.append(_of_words(demand.phrase))
    for path in sorted({path for path, _ in keys}):
        for statement in scene.sight.statements(path):
            if statement.bare.startswith(("import ", "from ")):
                continue
            text = statement.bare if _TALKS.match(statement.bare) else statement.full
            spoken = " ".join(_WORDS.split(text))
            if not any(pattern.search(spoken) or pattern.search(text) for pattern in patterns):
                continue
            scope = scene.sight.scope_of(path, statement.line)
            if (path, scope) not in keys or scene.sight.hollow_reason(path, scope):
                continue
            if act is Act.DO and not scene.sight.graph.is_reached(path, scope):
                continue
            return path, statement.line
    return "", 0


def _patterns(concept: Concept) -> Iterable[re.Pattern[str]]:
    yield concept.says_pattern
    for pattern in (concept.named_pattern, concept.code_pattern, concept.literals_pattern):
        if pattern is not None:
            yield pattern
    yield _of_words(concept.name)


def _of_words(phrase: str) -> re.Pattern[str]:
    stems = [
        re.escape(word[: max(4, len(word) - 4)])
        for word in re.findall(r"[a-z]{4,}", phrase.lower())
        if word not in _STOP
    ]
    return re.compile(rf"\b(?:{'|'.join(stems)})", re.I) if stems else re.compile(r"(?!)")


def works_at_length(scene: Scene, keys: frozenset[Key], fewest: int = SHORT) -> bool:
    """Whether a region does so much with data that a thing may be done in it unrecognised."""
    done = 0
    for key in sorted(keys):
        if not scene.sight.hollow_reason(*key):
            done += scene.sight.substance(*key).operations
            if done >= fewest:
                return True
    return False
