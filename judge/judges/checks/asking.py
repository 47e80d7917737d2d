"""What a requirement asks for, read off its sentence: places, things named, acts and contents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from judge.judges.checks.places import Places, take_apart
from judge.judges.checks.vocabulary import VOCABULARY, Concept, Kind

KIND_WORDS: tuple[tuple[str, str], ...] = (
    ("notebook", r"\bnotebooks?\b"),
    ("video", r"\b(?:videos?|gifs?|animations?)\b"),
    (
        "figure",
        r"\b(?:figures?|plots?|images?|visuali[sz]\w*|charts?|curves?|heat-?maps?|spectrograms?|"
        r"pictures?|diagrams?|histograms?|dashboard|(?:network )?graphs?|detection results)\b",
    ),
    ("model", r"\b(?:models?|weights|checkpoints?|parameters|embeddings)\b"),
    (
        "text",
        r"\b(?:reports?|scores?|results?|metrics?|logged|logs?|summary|accuracy|recorded|"
        r"coefficient|returns?|performance|loss(?:es)?)\b",
    ),
)
_IS_A_KIND = re.compile(r"(?:jupyter )?notebooks?|markdown|html|pdf|gif|hugging face", re.I)
_SAVED = re.compile(
    r"\b(?:sav(?:ed?|ing|es)|stor(?:ed?|ing|es)|writ(?:e|ten)|export(?:ed|s)?|logged|cached|"
    r"recorded|dumped|placed|kept)\b",
    re.I,
)
_NEGATED = re.compile(r",?\s*\b(?:not an? [\w -]+|without [\w -]+|instead of [\w -]+)", re.I)
_EXAMPLES = re.compile(
    r"\((?:e\.g\.?,?|for example,?|such as|like)\s*([^)]*)\)"
    r"|,?\s*\b(?:such as|like|e\.g\.,?|for example,?)\s+(.+?)"
    r"(?=,?\s+(?:is|are|was|were|in PATH|can|should|from)\b|[.;)]|$)",
    re.I,
)
_REPORT_NOUN = (
    r"(?:report|document|notebook|markdown(?: file)?|file|summary|page|readme|write-?up|article)"
)
_CONTENTS = re.compile(
    rf"\b{_REPORT_NOUN}s?\b(?:[^.]{{0,40}}?)\b(?:containing|contains?|covering|covers?|includ(?:ing"
    r"|es?)|describ(?:ing|es?)|summari[sz](?:ing|es?)|with (?:the )?sections?(?: on)?|"
    r"that (?:describes|includes|contains|explains|covers)|to explain|presenting)\s+(.+?)"
    r"(?=,?\s*(?:and\s+)?\b(?:is|are|were|was|should|has been|being)\s+(?:\w+\s+(?:and\s+)?)?"
    r"(?:generat|creat|sav|print|writ|stor|produc|made|convert|provided)"
    r"|,?\s+(?:and\s+)?(?:is\s+)?saved\b|,?\s*and\s+saved\b|\.(?:\s|$)|$)",
    re.I,
)
_SHOWS = re.compile(
    r"\band (?:shows?|embeds?|displays?)\s+(.+?)(?=,?\s+(?:is|are|and)\s+(?:\w+\s+)?(?:saved|"
    r"written|made|generated|created)|,|\.(?:\s|$)|$)"
)
_PURPOSE = re.compile(
    r"[,(]?\s*\b(?:available|potentially (?:being )?download\w*|which is downloaded) from [^,.;)]*"
    r"|\bfor [\w\s-]*?(?:prediction|classification|analysis|recognition|summari[sz]ation)\b"
    r"|\b(?:to (?:showcase|display|explore|improve|validate|ensure|identify|optimi[sz]e|refine|"
    r"determine|interpret|show|make sure|classify stocks|explain the process)"
    r"|(?:before|after|during) (?:and after )?training)\b[^.,]*",
    re.I,
)
_DONE = re.compile(
    r"\b(?:performed|loaded|trained|tuned|evaluated|applied|split|standardi[sz]ed|handled|cleaned|"
    r"used|utili[sz]ed|obtained|normali[sz]ed|scaled|fine-?tuned|computed|downloaded|run|followed|"
    r"displayed|converted|compared|chosen|instantiated|adjusted|removed|made|load|retrieve)\b",
    re.I,
)
_DEFINED = re.compile(
    r"\b(?:implement(?:ed|ation)?|defined|imported|built|provided|written|developed|created)\b",
    re.I,
)
_OR = re.compile(r"[\s,]*\bor\s+(?:an?\s+|the\s+)?$", re.I)


class Act(StrEnum):
    """How far the code must go: a definition that can work, or one that is run."""

    DEFINE = "define"
    DO = "do"


@dataclass(frozen=True)
class Demand:
    """One thing asked for: any of some concepts, or a name that the vocabulary does not know."""

    phrase: str
    concepts: tuple[Concept, ...] = ()
    is_code_name: bool = False  # written in backticks: a field, a table, a statement

    @property
    def kind(self) -> Kind | None:
        return self.concepts[0].kind if self.concepts else None

    @property
    def name(self) -> str:
        """How reasons speak of it."""
        if not self.concepts:
            return repr(self.phrase) if self.is_code_name else f"“{self.phrase}”"
        return " or ".join(dict.fromkeys(concept.name for concept in self.concepts))


@dataclass(frozen=True)
class Ask:
    """A requirement, read."""

    criteria: str
    plain: str
    places: Places
    demands: tuple[Demand, ...]
    contents: tuple[str, ...]  # what a report is to contain, as the requirement puts it
    act: Act
    kind: str | None  # what kind of artifact a folder is to hold

    @property
    def wants_report(self) -> bool:
        if re.search(r"\b(?:classification|performance) report\b", self.plain, re.I):
            return False
        return bool(self.contents) or bool(
            re.search(r"\b(?:report|document|notebook|markdown)\b", self.plain, re.I)
        )

    def of_kind(self, *kinds: Kind) -> tuple[Demand, ...]:
        return tuple(demand for demand in self.demands if demand.kind in kinds)


@lru_cache(maxsize=4096)
def read_requirement(criteria: str) -> Ask:
    """Reads a requirement's sentence; never fails, at worst nothing is found in it."""
    marked = take_apart(criteria)
    plain = _NEGATED.sub(" ", marked.plain)
    contents = _contents(plain) if not marked.places.sources else ()
    body = plain
    if contents:
        body = _SHOWS.sub(" ", _CONTENTS.sub(" ", body))
    body = _PURPOSE.sub(" ", body)
    demands = _demands(body)
    known = " ".join(body[start:end].lower() for start, end, _ in find_concepts(body))
    said = _EXAMPLES.sub(" ", body).lower()
    for name, is_code in (
        *((name, False) for name in marked.names),
        *((name, True) for name in marked.code_names),
    ):
        if name.lower() in said and not _is_covered(name, known, is_code=is_code):
            demands.append(Demand(name, is_code_name=is_code))
    return Ask(
        criteria=criteria,
        plain=plain,
        places=marked.places,
        demands=tuple(demands),
        contents=contents,
        act=_act(plain),
        kind=_kind(plain),
    )


def _is_covered(name: str, known: str, *, is_code: bool) -> bool:
    if _IS_A_KIND.fullmatch(name):
        return True
    words = re.findall(r"[\w^.+#-]+", name.lower())
    if is_code and re.search(r"[()=]", name):
        return False
    return not words or any(word.strip(".") in known for word in words if len(word) > 2)


@lru_cache(maxsize=4096)
def find_concepts(text: str) -> tuple[tuple[int, int, Concept], ...]:
    """The concepts a text names, each with its span; of overlapping ones, the longest."""
    found: list[tuple[int, int, Concept]] = []
    for concept in VOCABULARY:
        if concept.context_pattern is not None and not concept.context_pattern.search(text):
            continue
        found += [(m.start(), m.end(), concept) for m in concept.says_pattern.finditer(text)]
    # Of two that read the same words, the one that asked for a context and has it.
    found.sort(key=lambda item: (item[0] - item[1], not item[2].context, item[0]))
    kept: list[tuple[int, int, Concept]] = []
    for start, end, concept in found:
        if not any(start < other_end and other_start < end for other_start, other_end, _ in kept):
            kept.append((start, end, concept))
    return tuple(sorted(kept, key=lambda item: item[0]))


def _demands(body: str) -> list[Demand]:
    """Demands in the order of the sentence; alternatives share one, examples are alternatives."""
    examples = [match.span() for match in _EXAMPLES.finditer(body)]
    demands: list[Demand] = []
    illustrations: list[tuple[str, Concept]] = []
    end_before = -1
    for start, end, concept in find_concepts(body):
        phrase = body[start:end]
        if any(first <= start < last for first, last in examples):
            illustrations.append((phrase, concept))
            continue
        joined = end_before >= 0 and _OR.search(body[end_before:start]) and start - end_before < 30
        if demands and joined:
            last = demands[-1]
            demands[-1] = Demand(f"{last.phrase} or {phrase}", (*last.concepts, concept))
        elif not any(concept in demand.concepts for demand in demands):
            demands.append(Demand(phrase, (concept,)))
        end_before = end
    for kind in (Kind.FIGURE, Kind.DATASET):
        shown = [(phrase, concept) for phrase, concept in illustrations if concept.kind is kind]
        if shown and not any(demand.kind is kind for demand in demands):
            concepts = tuple(dict.fromkeys(concept for _, concept in shown))
            demands.append(Demand(" or ".join(phrase for phrase, _ in shown), concepts))
    steps = [concept for _, concept in illustrations if concept.kind is Kind.STEP]
    for at, demand in enumerate(demands):
        if steps and demand.kind is Kind.STEP and demand.concepts[0].name in _GENERAL:
            # "augmentation, such as flipping": any of the examples is the thing itself.
            concepts = tuple(dict.fromkeys((*demand.concepts, *steps)))
            demands[at] = Demand(demand.phrase, concepts)
    return _without_general(demands)


# A general step that names particular ones ("preprocessing, including resizing") is met by them.
_GENERAL = frozenset(
    {
        "data preprocessing",
        "image preprocessing",
        "audio preprocessing",
        "text preprocessing",
        "data cleaning",
        "data augmentation",
        "feature engineering",
        "UCI repository",
    }
)


def _without_general(demands: list[Demand]) -> list[Demand]:
    """The demands, less general ones beside particular ones of their kind."""
    particular = {
        demand.kind
        for demand in demands
        if not all(concept.name in _GENERAL for concept in demand.concepts)
    }
    kept = [
        demand
        for demand in demands
        if demand.kind not in particular
        or not all(concept.name in _GENERAL for concept in demand.concepts)
    ]
    return kept


def _act(plain: str) -> Act:
    if _DEFINED.search(plain) and not re.search(
        r"(?<!pre-)\b(?:performed|trained|tuned|handled|applied|loaded)\b", plain, re.I
    ):
        return Act.DEFINE
    return Act.DO if _DONE.search(plain) or not _DEFINED.search(plain) else Act.DEFINE


def _contents(plain: str) -> tuple[str, ...]:
    """The listed parts of `a report containing A, B, and C`."""
    parts: list[str] = []
    match = _CONTENTS.search(plain)
    if match is not None:
        listed = re.sub(r",?\s*\band (?:shows?|embeds?|displays?)\b.*", "", match.group(1))
        parts += re.split(r",\s*(?:and\s+|or\s+)?|\s+and\s+|;\s*|\s+as well as\s+", listed)
    shown = _SHOWS.search(plain) if match is not None else None
    if shown is not None:
        parts.append(f"{shown.group(1)} figure")
    cleaned = (
        re.sub(
            r"^(?:the|an?|a section|showcase the)\s+|\b(?:etc\.?|PATH)\b|"
            r"^(?:a )?section analy[sz]ing (?:the )?",
            "",
            p,
        ).strip(" .")
        for p in (part.strip() for part in parts)
    )
    return tuple(part for part in cleaned if re.search(r"[A-Za-z]{2}", part))


def _kind(plain: str) -> str | None:
    """What a folder is to hold: the last kind named before it is said to be saved."""
    text = re.sub(r"\bPATH\b", " ", plain).lower()
    found = [(m.start(), kind) for kind, words in KIND_WORDS for m in re.finditer(words, text)]
    if not found:
        return None
    for special in ("notebook", "video"):
        if any(kind == special for _, kind in found):
            return special
    saved = _SAVED.search(text)
    if saved is None:
        return found[0][1]
    before = [kind for at, kind in sorted(found) if at < saved.start()]
    after = [kind for at, kind in sorted(found) if at >= saved.start()]
    if "figure" in before:
        return "figure"
    return before[-1] if before else after[0]
