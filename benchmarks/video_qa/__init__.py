"""Benchmarks of multiple-choice questions about videos.

Video-MME (2405.21075), MLVU (2406.04264), EgoSchema (2308.09126), MVBench (2311.17005) and
LongVideoBench (2407.15754): what a question is, how a reply is read, how answers aggregate.
"""

from benchmarks.video_qa.answers import PARSERS, read_answer
from benchmarks.video_qa.questions import Question
from benchmarks.video_qa.scoring import Answered, Figures, QaScores, score_answers
from benchmarks.video_qa.sets import SETS

__all__ = [
    "PARSERS",
    "SETS",
    "Answered",
    "Figures",
    "QaScores",
    "Question",
    "read_answer",
    "score_answers",
]
