"""Verdicts on right and mutated replies equal those of bfcl-eval, down to the type of error."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from string import ascii_letters
from typing import Any

import pytest

from benchmarks.api_calling.bfcl import CATEGORIES, read_category
from benchmarks.api_calling.bfcl.scoring import Scored, score_reply
from tests.golden.make_bfcl_golden import GOLDEN, peer_verdicts, replies_to

PEER = Path(__file__).parents[3] / ".venvs" / "bfcl-eval" / "bin" / "python"
VERDICTS = json.loads(GOLDEN.read_text())


@pytest.fixture(scope="module")
def released() -> Path:
    if "JUDGE_TEST_DATA" not in os.environ:
        pytest.skip("JUDGE_TEST_DATA names no folder with BFCL's released files")
    return Path(os.environ["JUDGE_TEST_DATA"]) / "bfcl"


def scored(
    data: Path, category: str, asked: list[dict[str, Any]], **rule: bool
) -> Iterator[Scored]:
    items = {item.id: item for item in read_category(data, CATEGORIES[category])}
    for reply in asked:
        yield score_reply(items[reply["id"]], reply["result"], CATEGORIES[category], **rule)


@pytest.mark.parametrize("category", VERDICTS["verdicts"])
def test_verdicts_equal_the_peers_kept_ones(released: Path, category: str) -> None:
    asked = replies_to(released, category)
    types, letters = VERDICTS["types"], VERDICTS["verdicts"][category]
    assert len(asked) == len(letters)
    for reply, letter, found in zip(asked, letters, scored(released, category, asked), strict=True):
        expected = types[ascii_letters.index(letter)]
        assert found.is_correct == (expected == ""), (reply, expected, found)
        if expected != "wrong":
            assert found.type == expected, reply


@pytest.mark.slow
@pytest.mark.parametrize("underscore", [False, True])
def test_verdicts_equal_the_peers_on_every_category_it_ships(underscore: bool) -> None:
    if not PEER.exists():
        pytest.skip("bfcl-eval is not installed; make .venvs/bfcl-eval/.installed installs it")
    found = subprocess.run(
        [str(PEER), "-c", "import importlib.util as u; print(u.find_spec('bfcl_eval').origin)"],
        capture_output=True,
        text=True,
        check=True,
    )
    data = Path(found.stdout.strip()).parent / "data"
    for category in CATEGORIES:
        # Another seed than the kept verdicts, and enough for every mutation.
        asked = [
            {**reply, "underscore": underscore}
            for reply in replies_to(data, category, seed=7)[:3000]
        ]
        assert asked
        verdicts = peer_verdicts(str(PEER), data, asked)
        ours = scored(data, category, asked, underscore_names=underscore)
        for reply, verdict, own in zip(asked, verdicts, ours, strict=True):
            assert own.is_correct == verdict["valid"], (reply, verdict, own)
            if verdict["type"] and not verdict["type"].startswith("crash"):
                assert own.type == verdict["type"], (reply, verdict, own)
