"""What a report is asked to speak of, and the words by which it does."""

from __future__ import annotations

import re

from judge.judges.checks.asking import find_concepts
from judge.judges.checks.vocabulary import Concept, Kind

_TOPICS: tuple[tuple[str, str], ...] = (
    (
        r"pre-?process",
        r"pre-?process|clean|scal(?:ed|ing)|standardi|normali|missing|encod|token|split|prepar|"
        r"\bdata\b|feature",
    ),
    (r"feature (?:selection|engineering)", r"feature|select"),
    (
        r"training (?:process|results?)|model training|training|fine-?tun",
        r"train|fitt?ed|epoch|optimi[sz]|iterations?|grid search|\bmodel\b",
    ),
    (
        r"evaluation|performance|accuracy|metric",
        r"evaluat|scores?|accura|metric|performance|results?|cross-?valid|rmse|error|test set",
    ),
    (
        r"architecture",
        r"architect|layers?|network|hidden|units|filters|convolution|encoder|decoder|model",
    ),
    (r"error analysis", r"error|mistake|misclassif|wrong|confus|fail"),
    (r"improvement", r"improv|future|next step|could|further|more data"),
    (r"augmentation", r"augment|rotat|flip"),
    (r"trading strategy|strategy", r"strateg|polic|buy|sell|trad"),
    (r"risk", r"risk|draw-?down|volatil|sharpe|variance"),
    (r"profit", r"profit|return|gain|loss"),
    (r"recommendation", r"recommend|top[- ]?\d|items?"),
    (r"forecast|prediction", r"forecast|predict"),
    (r"segmentation", r"segment|dice|iou|mask"),
    (r"applying|process of", r"appl|process|load|pre-?trained|infer"),
    (r"limitation", r"limit|drawback|weakness|shortcoming"),
    (r"conclusion", r"conclu|summar"),
    (r"^results?$|result", r"result|score|accura|rmse|metric|perform|evaluat|outcome"),
    (r"^data$|dataset", r"\bdata|dataset|samples|rows"),
    (r"^method|approach|^model$|\bmodel\b", r"method|approach|model|algorithm"),
    (r"hyper-?parameter", r"hyper-?parameter|learning rate|batch|impact|sensitiv"),
    (r"process", r"process|steps?|pipeline|load|train"),
)
_PICTURE = re.compile(
    r"visuali[sz]ation|\bplots?\b|\bfigures?\b|\bcharts?\b|\bimages?\b|heat-?map|\bcurves?\b", re.I
)
_INTERACTIVE = re.compile(r"\binteractive\b", re.I)
_STOP = frozenset(
    "the a an of and or to in on for with its their that this which how section analysis process "
    "different".split()
)


def topic_pattern(topic: str) -> re.Pattern[str]:
    """The words by which a text speaks of a topic."""
    for asked, words in _TOPICS:
        if re.search(asked, topic, re.I):
            return re.compile(words, re.I)
    stems = [
        re.escape(word[: max(4, len(word) - 3)])
        for word in re.findall(r"[A-Za-z]{3,}", topic.lower())
        if word not in _STOP
    ]
    return re.compile("|".join(stems) if stems else re.escape(topic), re.I)


def asks_for_picture(topic: str) -> bool:
    return bool(_PICTURE.search(topic))


def asks_for_interaction(topic: str) -> bool:
    return bool(_INTERACTIVE.search(topic))


def metric_of(topic: str) -> Concept | None:
    """The metric that a topic names and is nothing more than, if it is one."""
    for start, end, concept in find_concepts(topic):
        if concept.kind is Kind.METRIC and end - start >= len(topic.strip()) * 0.6:
            return concept
    return None
