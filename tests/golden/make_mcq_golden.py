"""Writes mcq_lmms_eval.json: what lmms-eval 0.7.3 reads in replies to multiple-choice questions.

    python -m tests.golden.make_mcq_golden PEER_PYTHON

PEER_PYTHON is that of an environment with lmms-eval (`make .venvs/lmms-eval/.installed`). Replies
are made of pieces by a seed, so that all forms meet.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).parent / "mcq_lmms_eval.json"
_PIECES = (
    *"ABCDEabcd ().:,!?'\"",
    "the answer is ",
    "The best option is",
    "I choose ",
    "my answer is ",
    "정답은 ",
    "答案是",
    "答えは",
    "The ",
    "Because ",
    " word ",
    "\n",
    "  ",
)
# The module alone: the package around it would need all its models' libraries.
_PROGRAM = """
import importlib.util, json, pathlib, sys
root = pathlib.Path(importlib.util.find_spec("lmms_eval").origin).parent
path = root / "tasks" / "_task_utils" / "mcq_extract.py"
spec = importlib.util.spec_from_file_location("mcq_extract", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
replies = json.load(sys.stdin)
json.dump([module.extract_mcq_answer(reply, list("ABCD")) for reply in replies], sys.stdout)
"""


def main() -> None:
    replies = made_replies(400, seed=0)
    answers = peer_answers(sys.argv[1], replies)
    golden = {"made_by": "lmms-eval 0.7.3", "answers": dict(zip(replies, answers, strict=True))}
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")


def made_replies(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    made = {"".join(rng.choices(_PIECES, k=rng.randrange(12))) for _ in range(2 * count)}
    return sorted(made)[:count]


def peer_answers(python: str, replies: list[str]) -> list[str]:
    """The letter that the peer reads in each reply; empty for none."""
    done = subprocess.run(
        [python, "-c", _PROGRAM],
        input=json.dumps(replies),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[str] = json.loads(done.stdout)
    return answers


if __name__ == "__main__":
    main()
