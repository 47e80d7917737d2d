"""The Berkeley Function Calling Leaderboard, version 4, single-turn categories.

Patil et al., "The Berkeley Function Calling Leaderboard", ICML 2025; rules and data of the
`bfcl-eval` package (2026.3.23). A model gets a request and documents of functions, and gives calls;
they are compared with the allowed answers as syntax, nothing is executed.

The rules are the original's to the letter, faults included, so that the figures are those of its
leaderboard. Where it is lenient or wrong, and stays so here:

- The name of a call that spells out several names at once counts as only the names in it, and
  positional arguments are passed over.
- `""` among the allowed answers of a parameter lets `[]` pass, and items of any type.
- Items of nested values are checked one level deep.
- Every unary operator is read as a minus.
- A Java array of strings keeps its quotes and matches no answer.
- A text beside calls, or a code fence tagged with a language, makes the whole reply unreadable.

Where the original stops with an error of its own (an item of a list that is no object, an answer
of a form it does not foresee), the call is wrong here and the rest is scored.
"""

from benchmarks.api_calling.bfcl.categories import CATEGORIES, Overall, overall_of
from benchmarks.api_calling.bfcl.dataset import Item, read_category
from benchmarks.api_calling.bfcl.decoding import decode
from benchmarks.api_calling.bfcl.rules import check_calls
from benchmarks.api_calling.bfcl.scoring import CategoryScores, Scored, score_category, score_folder

__all__ = [
    "CATEGORIES",
    "CategoryScores",
    "Item",
    "Overall",
    "Scored",
    "check_calls",
    "decode",
    "overall_of",
    "read_category",
    "score_category",
    "score_folder",
]
