"""Labels that people give, blind to any judge: sessions, consensus, and how far people agree."""

from judge.labelling.consensus import Standing, majority, record_decision, record_majorities, settle
from judge.labelling.people import Agreements, agreements
from judge.labelling.sessions import (
    ANNOTATOR,
    CONSENSUS,
    HUMAN,
    Labelling,
    LabelSession,
    Study,
    begin_session,
    label_sessions,
    studies,
)

__all__ = [
    "ANNOTATOR",
    "CONSENSUS",
    "HUMAN",
    "Agreements",
    "LabelSession",
    "Labelling",
    "Standing",
    "Study",
    "agreements",
    "begin_session",
    "label_sessions",
    "majority",
    "record_decision",
    "record_majorities",
    "settle",
    "studies",
]
