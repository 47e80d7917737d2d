"""`judge bench score vos`: its JSON, its table, and the folders that it recognises."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.vos import PROTOCOLS, score
from judge.cli.benches.vos import VOS_PROTOCOLS
from tests.benchmarks.vos.scenes import perturbed, scene, write_sequence
from tests.support.command import judge

FRAMES = [scene(48, 80, 2, frame) for frame in range(6)]
PREDICTED = [perturbed(frame, k) for k, frame in enumerate(FRAMES)]
SUMMARY = {"J", "F", "JF", "J_recall", "J_decay", "F_recall", "F_decay"}


@pytest.fixture
def davis_root(tmp_path: Path) -> Path:
    """A root as DAVIS 2017 has it, with a sequence of another set, and predictions beside it."""
    root = tmp_path / "DAVIS"
    for name in ("bear", "cows", "dog"):
        write_sequence(root / "Annotations" / "480p" / name, FRAMES)
    sets = root / "ImageSets" / "2017"
    sets.mkdir(parents=True)
    (sets / "val.txt").write_text("bear\ndog\n")
    (sets / "train.txt").write_text("cows\n")
    for name in ("bear", "dog"):
        write_sequence(tmp_path / "pred" / name, PREDICTED)
    return root


def test_json_holds_what_the_contract_names(davis_root: Path, tmp_path: Path) -> None:
    arguments = ("bench", "score", "vos", "--gt", davis_root, "--pred", "pred")
    ended = judge(*arguments, "--json", folder=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    document = ended.json
    assert set(document["global"]) == SUMMARY
    assert set(document["objects"]) == {"bear/1", "bear/2", "dog/1", "dog/2"}
    assert set(document["objects"]["dog/2"]) == SUMMARY | {"n"}
    assert document["left_out"] == []
    assert (document["scorer"], document["scorer_version"]) == ("davis", "1")
    assert document["n"] == {"sequences": 2, "objects": 4, "frames": 16}
    means = document["global"]
    assert means["JF"] == (means["J"] + means["F"]) / 2
    interval = document["ci"]["JF"]
    assert interval["low"] <= means["JF"] <= interval["high"]
    assert interval["clusters"] == 2


def test_the_table_shows_every_object_and_all_of_them(davis_root: Path, tmp_path: Path) -> None:
    ended = judge("bench", "score", "vos", "--gt", davis_root, "--pred", "pred", folder=tmp_path)
    overall = score(davis_root, tmp_path / "pred").overall
    lines = {line.split()[0]: line.split() for line in ended.out.splitlines() if line.strip()}
    assert lines["all"][1:4] == [f"{100 * v:.1f}" for v in (overall.JF, overall.J, overall.F)]
    assert {"bear/1", "bear/2", "dog/1", "dog/2"} <= set(lines)


def test_the_set_is_the_one_that_holds_the_predictions(davis_root: Path, tmp_path: Path) -> None:
    write_sequence(tmp_path / "train" / "cows", PREDICTED)
    found = score(davis_root, tmp_path / "train")
    assert {o.sequence for o in found.objects} == {"cows"}


def test_the_folder_of_sequences_itself_is_scored_whole(davis_root: Path, tmp_path: Path) -> None:
    found = score(davis_root / "Annotations" / "480p", tmp_path / "pred", lenient=True)
    assert [x.sequence for x in found.left_out] == ["cows"]


def test_there_is_a_protocol_for_each_name_the_command_takes() -> None:
    assert tuple(PROTOCOLS) == tuple(sorted(VOS_PROTOCOLS, key=list(PROTOCOLS).index))
    assert set(PROTOCOLS) == set(VOS_PROTOCOLS)


def test_what_there_is_can_be_listed(tmp_path: Path) -> None:
    listed = judge("bench", "list", "--json", folder=tmp_path).json
    assert "vos" in [entry["id"] for entry in listed["score"]]
    assert "judge bench score vos" in judge("bench", "list", folder=tmp_path).out


def test_scoring_imports_no_library_where_the_kernel_is_built(tmp_path: Path) -> None:
    import subprocess

    from benchmarks.vos.counting import is_compiled

    if not is_compiled():
        pytest.skip("the kernel is not built here: a C compiler and Python's headers are needed")
    write_sequence(tmp_path / "gt" / "s", FRAMES)
    code = (
        "import sys; from benchmarks.vos import score\n"
        f"score({str(tmp_path / 'gt')!r}, {str(tmp_path / 'gt')!r})\n"
        "print(sorted({'numpy', 'PIL', 'pydantic', 'rich'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
