"""A side kept as a Parquet file, and what is made of files that hold none."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from results.comparison import Series, Side, Unit
from results.comparison.baselines import read_baseline, write_baseline
from results.errors import InputError
from results.records import ArtifactEvidence, FileEvidence
from tests.results.comparison.sides import side, tasks

EVIDENCE = (
    FileEvidence(path="a'b.py", start_line=1, end_line=2, quote='x = "\\u00e9\n\t"'),
    ArtifactEvidence(path="figure.png", fact="640 x 480"),
)


def full_side() -> Side:
    units = (
        Unit(cluster="t", key="0", value=1.0, evidence=EVIDENCE, slices=("tag=a", "task=t")),
        Unit(cluster="t", key="1", value=None, is_error=True, reason="it's down", text="Say it."),
        Unit(cluster="ü", key="0", value=0.1 + 0.2),
    )
    return side(
        {},
        "a 'quoted' run",
        series=(
            Series(name="independent", units=units),
            Series(name="decay", higher_is_better=False, unit="ms", units=units[:1]),
        ),
        identity={"judge": "llm"},
        asked={"t": "hash"},
        totals={"cost": None, "seconds": 1.5},
        notes=("a note",),
    )


def test_a_side_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = write_baseline(full_side(), tmp_path / "new folder" / "it's.parquet")
    assert read_baseline(path) == full_side()
    assert [file.name for file in path.parent.iterdir()] == ["it's.parquet"]


def test_other_programs_can_read_its_rows(tmp_path: Path) -> None:
    path = write_baseline(full_side(), tmp_path / "b.parquet")
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT metric, cluster, key, value FROM '{path}'").fetchall()
    assert rows[1] == ("independent", "t", "1", None)
    assert len(rows) == 4


def test_text_that_is_no_unicode_is_kept_visibly(tmp_path: Path) -> None:
    broken = Unit(cluster="t", key="0", value=1.0, reason="half \udc80 pair")
    path = write_baseline(
        side({}, series=(Series(name="m", units=(broken,)),), metric="m"), tmp_path / "b.parquet"
    )
    assert read_baseline(path).series[0].units[0].reason == "half \\udc80 pair"


def test_many_units_are_written_and_read_in_a_moment(tmp_path: Path) -> None:
    many = side(tasks(2_000, [1.0, 0.0, None, 1.0, 1.0]))
    assert read_baseline(write_baseline(many, tmp_path / "b.parquet")) == many


def test_a_file_that_is_no_baseline_is_refused_in_a_sentence(tmp_path: Path) -> None:
    whole = write_baseline(full_side(), tmp_path / "whole.parquet")
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(whole.read_bytes()[:-40])
    foreign = tmp_path / "foreign.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS a) TO '{foreign}'")
    forged = tmp_path / "forged.parquet"
    duckdb.sql(
        f"COPY (FROM '{whole}') TO '{forged}' (FORMAT parquet,"
        """ KV_METADATA {agent_judge_baseline: '{"form": 1, "series": 3, "side": {}}'})"""
    )
    newer = tmp_path / "newer.parquet"
    duckdb.sql(
        f"COPY (FROM '{whole}') TO '{newer}' (FORMAT parquet,"
        """ KV_METADATA {agent_judge_baseline: '{"form": 2}'})"""
    )
    endless = tmp_path / "endless.parquet"
    duckdb.sql(
        f"COPY (SELECT * REPLACE ('nan'::DOUBLE AS value) FROM '{whole}') TO '{endless}' (FORMAT"
        " parquet, KV_METADATA {agent_judge_baseline: "
        """'{"form": 1, "series": [], "side": {"name": "x", "primary": "m"}}'})"""
    )
    for path, words in (
        (endless, "finite number"),
        (tmp_path / "none.parquet", "There is no baseline"),
        (tmp_path, "no file"),
        (cut, "cannot be read"),
        (foreign, "is no baseline; write one"),
        (forged, "is damaged"),
        (newer, "newer version"),
    ):
        with pytest.raises(InputError, match=words):
            read_baseline(path)
    with pytest.raises(InputError, match="cannot be written"):
        write_baseline(full_side(), cut / "below.parquet")
