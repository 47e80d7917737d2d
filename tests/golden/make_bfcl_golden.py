"""Writes bfcl_verdicts.json: what bfcl-eval makes of right and mutated replies to BFCL's items.

    python -m tests.golden.make_bfcl_golden PEER_PYTHON DATA

PEER_PYTHON is that of an environment with bfcl-eval (`make .venvs/bfcl-eval/.installed` makes one),
DATA the folder of the released files. The replies are those of bfcl_replies.py with seed 0; of each
category the verdicts stand in their order, a letter each: the first is a pass, the others are error
types in the order of `types`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from string import ascii_letters
from typing import Any

from benchmarks.api_calling.bfcl.categories import CATEGORIES
from tests.golden.bfcl_replies import replies

GOLDEN = Path(__file__).parent / "bfcl_verdicts.json"
PEER = Path(__file__).parent / "bfcl_peer.py"


def main() -> None:
    peer, data = sys.argv[1], Path(sys.argv[2])
    types: list[str] = [""]
    categories: dict[str, str] = {}
    for name in CATEGORIES:
        asked = replies_to(data, name)
        if not asked:
            continue
        letters = ""
        for verdict in peer_verdicts(peer, data, asked):
            kind = verdict["type"] or ("" if verdict["valid"] else "wrong")
            if kind not in types:
                types.append(kind)
            letters += ascii_letters[types.index(kind)]
        categories[name] = letters
    golden = {"made_by": "bfcl-eval 2026.3.23", "types": types, "verdicts": categories}
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")


def replies_to(data: Path, category: str, seed: int = 0) -> list[dict[str, Any]]:
    """The replies to a category's items; none where the data lack the category."""
    path = data / CATEGORIES[category].file_name
    if not path.is_file():
        return []
    items = read(path)
    answers_path = data / "possible_answer" / path.name
    answers: list[Any] = [None] * len(items)
    if answers_path.is_file():
        answers = [answer["ground_truth"] for answer in read(answers_path)]
    return list(replies(category, items, answers, seed))


def peer_verdicts(python: str, data: Path, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The peer's verdict `{valid, type}` on each reply."""
    lines = "".join(json.dumps(reply) + "\n" for reply in asked)
    done = subprocess.run(
        [python, str(PEER), str(data)], input=lines, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
