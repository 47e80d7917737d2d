"""The field's own words, as data: what requirements name and how it shows when it is there."""

from judge.judges.checks.vocabulary.concept import Concept, Kind, matches_call
from judge.judges.checks.vocabulary.datasets import DATASETS
from judge.judges.checks.vocabulary.libraries import APPS, ENVIRONMENTS, LIBRARIES
from judge.judges.checks.vocabulary.methods import METHODS
from judge.judges.checks.vocabulary.results import FIGURES, METRICS
from judge.judges.checks.vocabulary.steps import STEPS

VOCABULARY: tuple[Concept, ...] = (
    *METHODS,
    *LIBRARIES,
    *ENVIRONMENTS,
    *APPS,
    *DATASETS,
    *STEPS,
    *METRICS,
    *FIGURES,
)

__all__ = ["METHODS", "VOCABULARY", "Concept", "Kind", "matches_call"]
