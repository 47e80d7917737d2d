"""The papers' published figures: all there, read strictly, and named alike across papers."""

from __future__ import annotations

import dataclasses
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.reference import (
    FAMILIES,
    Key,
    PublishedRow,
    canonical_benchmark,
    disagreements,
    family,
    key_of,
    published_rows,
    published_table,
    read_rows,
    table_of,
    unknown_rows,
)
from benchmarks.reference.names import read_names
from benchmarks.reference.published import FOLDER, NAMES, read_paper
from results.errors import InputError
from results.published import PUBLISHED_FIELDS

DATA = os.environ.get("JUDGE_TEST_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="JUDGE_TEST_DATA is not set")

# From the papers: how many figures each gives here.
COUNTS = {
    "MobileLLM": 292,
    "EfficientTAM": 184,
    "Agent-as-a-Judge": 161,
    "LongVU": 138,
    "EdgeTAM": 135,
    "EfficientSAM": 108,
    "MetaMorph": 73,
    "MiniGPT-v2": 42,
    "SqueezeSAM": 8,
}


def row(**changes: Any) -> PublishedRow:
    given = PublishedRow(
        paper="Mine",
        arxiv_id="2501.00001",
        system="A",
        variant="-",
        benchmark="DAVIS 2017",
        split="val",
        metric="J&F",
        value=90.0,
        unit="%",
        higher_is_better=True,
        source_table="Table 1",
        verified="true",
        verified_in="",
    )
    return dataclasses.replace(given, **changes)


@needs_data
def test_every_fact_of_the_collected_figures_is_there_and_no_other() -> None:
    collected = json.loads(Path(DATA or "", "reference_results.json").read_bytes())
    assert len(collected) == 1141

    def facts(given: dict[str, Any]) -> tuple[object, ...]:
        told = {**given, "verified": str(given["verified"]).lower()}
        told.pop("note", None)
        return tuple(told[name] for name in sorted(told))

    mine = [dataclasses.asdict(published) for published in published_rows()]
    assert Counter(map(facts, mine)) == Counter(map(facts, collected))
    noted = {facts(given) for given in collected if "note" in given}
    assert {facts(given) for given in mine if given["note"]} == noted


@needs_data
def test_the_collected_figures_in_a_file_are_all_known() -> None:
    read = read_rows(Path(DATA or "", "reference_results.json"))
    assert len(read) == 1141
    assert unknown_rows(read) == ()


def test_each_paper_has_its_figures() -> None:
    assert Counter(published.paper for published in published_rows()) == COUNTS


def test_a_figure_can_be_found_with_its_table_and_how_it_was_verified() -> None:
    (found,) = [
        published
        for published in published_rows()
        if published.paper == "EdgeTAM"
        and published.system == "EdgeTAM"
        and (published.benchmark, published.split) == ("SA-V", "test")
    ]
    assert (found.value, found.unit, found.verified) == (71.7, "%", "true")
    assert found.source_table == "VOS table (README; paper main VOS table)"
    assert found.share == pytest.approx(0.717)


def test_only_shares_become_shares() -> None:
    units = {published.unit for published in published_rows() if published.share is not None}
    assert units == {"%", "fraction"}
    assert all(
        0 <= published.share <= 1 for published in published_rows() if published.share is not None
    )


def test_the_names_file_knows_every_benchmark_and_nothing_else() -> None:
    names = read_names(FOLDER / NAMES)
    rows = published_rows()
    assert names.places.keys() == {(r.benchmark, r.split) for r in rows}
    assert names.systems.keys() <= {(r.paper, r.system, r.variant) for r in rows}
    assert names.metrics.keys() <= {r.metric for r in rows}


@pytest.mark.parametrize(
    ("benchmark", "expected"),
    [
        ("DevAI", "agents"),
        ("SA-V", "video segmentation"),
        ("sav", "video segmentation"),
        ("SA-23 Image", "image segmentation"),
        ("coco-instances", "image segmentation"),
        ("Video-MME", "video QA"),
        ("bfcl", "API calling"),
        ("HellaSwag", "language"),
        ("MMMU", "image QA"),
        ("model size", "other"),
        ("speed V100", "other"),
        ("somebody's own", "other"),
    ],
)
def test_benchmarks_have_families(benchmark: str, expected: str) -> None:
    assert family(benchmark) == expected
    assert expected in FAMILIES


def test_benchmarks_are_named_as_commands_name_them() -> None:
    names = ("DAVIS 2017", "YouTube-VOS 2019", "MV-Bench", "somebody's own")
    assert [canonical_benchmark(name) for name in names] == [
        "davis2017",
        "youtube-vos",
        "mvbench",
        "somebody's own",
    ]


def test_one_system_is_found_under_the_names_of_three_papers() -> None:
    papers = {
        (published.paper, published.system)
        for published in published_rows()
        if key_of(published)[:2] == ("SAM", "ViT-H")
    }
    assert papers == {("EdgeTAM", "SAM"), ("EfficientTAM", "SAM"), ("EfficientSAM", "SAM (ViT-H)")}


def test_another_input_size_is_another_variant() -> None:
    sizes = {
        key_of(published).variant: published.value
        for published in published_rows()
        if key_of(published)[0] == "EfficientTAM" and published.source_table == "Table 5"
        if published.benchmark == "DAVIS 2017"
    }
    assert sizes == {"S": 89.2, "S, 512x512": 87.2}


def test_disagreements_are_those_that_were_reviewed() -> None:
    found = {
        (d.key.system, d.key.benchmark, d.key.metric): sorted(r.value for r in d.rows)
        for d in disagreements()
    }
    assert found == {
        ("STCN", "sav", "J&F"): [57.3, 62.5],
        ("RDE", "sav", "J&F"): [48.4, 53.9],
        ("XMem", "sav", "J&F"): [60.1, 62.3],
        ("DEVA", "sav", "J&F"): [53.8, 56.2],
        ("Cutie-base", "sav", "J&F"): [61.6, 62.7],
        ("Cutie-base+", "sav", "J&F"): [62.3, 62.8],
        ("LongVU", "video-mme", "accuracy"): [60.56, 60.6, 60.9],
        ("Video-LLaVA", "video-mme", "accuracy"): [40.4, 41.6],
        ("VideoChat2", "video-mme", "accuracy"): [43.8, 54.6],
        ("MetaMorph", "COCO-30K", "FID"): [110.5, 110.7],
        # Printed against computed anew from the released labels.
        ("Human-as-a-Judge consensus", "devai", "requirements_met_I"): [44.54, 44.8],
        ("Human-as-a-Judge consensus", "devai", "task_solve_rate"): [1.81, 9.09],
    }


def test_rounding_is_no_disagreement_and_more_is() -> None:
    printed = row(value=67.6)
    assert disagreements([printed, row(paper="Yours", value=67.62)]) == ()
    # Cut off in one table and rounded in the other.
    assert disagreements([row(value=1.81), row(paper="Yours", value=1.82)]) == ()
    (found,) = disagreements([printed, row(paper="Yours", value=67.8)])
    assert found.key == Key("A", "", "davis2017", "val", "J&F")
    assert found.spread == pytest.approx(0.2)


def test_a_trailing_zero_counts_as_a_printed_digit() -> None:
    """44.80 in a table of two digits is not 44.8 of a table of one."""
    table = [row(value=44.80), row(value=28.96, split="test")]
    (found,) = disagreements([*table, row(paper="Yours", value=44.74)])
    assert found.key.split == "val"


def test_other_units_are_not_compared() -> None:
    assert disagreements([row(unit="ms", value=5.0), row(unit="s", value=0.005)]) == ()


def test_the_table_has_what_the_store_takes() -> None:
    rows, digest = published_table()
    assert all(set(PUBLISHED_FIELDS) == given.keys() for given in rows)
    assert table_of(published_rows()) == (rows, digest)
    assert table_of(published_rows()[1:])[1] != digest
    assert {given["family"] for given in rows} == set(FAMILIES)


PAPER = """\
paper: Mine
arxiv_id: "2501.00001"
tables:
  - source: Table 1
    verified: approx
    verified_in: "full text"
    notes: {odd: as printed}
    columns:
      - {benchmark: MOSE, split: val, metric: J&F}
      - {benchmark: model size, metric: params, unit: M, higher_is_better: false}
    rows:
      - [A, "-", [50.5, ~]]
      - [B, big, [{value: 60, note: odd}, 12]]
"""


def paper(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_paper_is_read_as_its_tables_are_laid_out(tmp_path: Path) -> None:
    shared: dict[str, Any] = {"verified": "approx", "verified_in": "full text"}
    params: dict[str, Any] = {"benchmark": "model size", "split": "-", "metric": "params"}
    mose = row(benchmark="MOSE", **shared)
    big = dataclasses.replace(mose, system="B", variant="big")
    assert read_paper(paper(tmp_path, PAPER)) == (
        dataclasses.replace(mose, value=50.5),
        dataclasses.replace(big, value=60, note="as printed"),
        dataclasses.replace(big, value=12, unit="M", higher_is_better=False, **params),
    )


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("[50.5, ~]", "[50.5]", r"`tables.0` \(Table 1\): A, - has 1 values for 2 columns"),
        ("[50.5, ~]", "[fifty, ~]", r"tables\.0\.rows\.0"),
        ("[50.5, ~]", "[.nan, ~]", r"tables\.0\.rows\.0\.2\.0.*finite"),
        ("[50.5, ~]", "[true, ~]", r"tables\.0\.rows\.0"),
        ('[A, "-", [50.5, ~]]', "[A, [50.5, ~]]", r"tables\.0\.rows\.0"),
        ("[B, big", '[A, "-"', "A, - is there twice"),
        ("note: odd}", "note: even}", "B, big has no note 'even'"),
        ("{value: 60, note: odd}", "60", "no cell has the note odd"),
        ("verified: approx", "verified: perhaps", r"tables\.0\.verified"),
        ('"2501.00001"', "2501.00001", "arxiv_id"),
        ("    verified_in:", "    seen_in:", r"tables\.0\.verified_in`: field required"),
        ("    columns:", "    colour: red\n    columns:", r"tables\.0\.colour"),
        ("tables:", "paper: Yours\ntables:", "line 3, column 1, .*'paper' is there twice"),
        ("tables:", "tables: [", "is not YAML"),
    ],
)
def test_a_fault_in_a_paper_is_said_with_its_place(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    assert before in PAPER
    path = paper(tmp_path, PAPER.replace(before, after))
    with pytest.raises(InputError, match=message) as refused:
        read_paper(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "systems: {A: {b: [[P, x, y]], c: [[P, x, y]]}}\nbenchmarks: {}\nmetrics: {}",
            "means both",
        ),
        ("systems: {A: {b: [[P, x]]}}\nbenchmarks: {}\nmetrics: {}", "not .paper, system"),
        ("systems: {}\nbenchmarks: {sport: {x: []}}\nmetrics: {}", "a family is one of agents"),
        (
            "systems: {}\nbenchmarks: {other: {x: {P: [val]}, y: {P: [val]}}}\nmetrics: {}",
            "means both",
        ),
    ],
)
def test_names_that_mean_two_things_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_names(paper(tmp_path, text))


def test_rows_of_a_file_may_leave_out_what_is_not_known(tmp_path: Path) -> None:
    given = {
        "paper": "Mine",
        "system": "A",
        "benchmark": "DAVIS 2017",
        "metric": "J&F",
        "value": 90,
        "unit": "%",
        "higher_is_better": True,
        "source_table": "Table 1",
        "verified": False,
    }
    path = tmp_path / "mine.json"
    path.write_text(json.dumps([given]))
    (read,) = read_rows(path)
    assert read == row(arxiv_id="", split="-", verified="false")
    assert unknown_rows([read]) == (read,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "no list of published figures"),
        ("{}", "no list of published figures"),
        ('[{"paper": "x"}]', r"`0\.system`: field required"),
        ("[" * 5000 + "]" * 5000, "nest"),
        ("&a [*a, *a]", r"0"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_rows(path)
