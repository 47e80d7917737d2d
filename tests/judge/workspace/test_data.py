"""Structured data, tables, databases and archives."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.workspace import ArtifactState
from judge.workspace.artifact import Damaged
from judge.workspace.tables import read_delimited
from tests.judge.workspace.conftest import Read

VALID, BROKEN = ArtifactState.VALID, ArtifactState.BROKEN
EMPTY, PLACEHOLDER = ArtifactState.EMPTY, ArtifactState.PLACEHOLDER
UNREADABLE = ArtifactState.UNREADABLE


@pytest.mark.parametrize(
    ("name", "content", "state"),
    [
        ("a.json", '{"accuracy": 0.93}', VALID),
        ("a.json", '{"accuracy": 0.0}', VALID),
        ("a.json", "0", VALID),
        ("a.json", "[1, 2]", VALID),
        ("a.json", '{"accuracy": null, "f1": null}', PLACEHOLDER),
        ("a.json", '{"accuracy": "TBD"}', PLACEHOLDER),
        ("a.json", '{"accuracy": {"train": [], "test": ""}}', PLACEHOLDER),
        ("a.json", '"a report of the results of training"', PLACEHOLDER),
        ("a.json", "{}", EMPTY),
        ("a.json", "null", EMPTY),
        ("a.json", "  \n", EMPTY),
        ("a.json", '{"accuracy": 0.9', BROKEN),
        ("a.json", "accuracy: 0.9", BROKEN),
        ("a.json", "[" * 5_000 + "]" * 5_000, UNREADABLE),
        ("a.jsonl", '{"a": 1}\n\n{"a": 2}\n', VALID),
        ("a.jsonl", '{"a": 1}\n{"a": \n', BROKEN),
        ("a.yaml", "accuracy: 0.93\n", VALID),
        ("a.yml", "---\na: 1\n---\nb: 2\n", VALID),
        ("a.yaml", "accuracy:\nf1:\n", PLACEHOLDER),
        ("a.yaml", "placeholder", PLACEHOLDER),
        ("a.yaml", "a: [1, 2", BROKEN),
        ("a.yaml", "# nothing\n", EMPTY),
        ("a.yaml", "a: !!python/object/apply:os.getcwd []\n", UNREADABLE),
        ("a.toml", "[model]\nc = 1.0\n", VALID),
        ("a.toml", "model = ", BROKEN),
        ("a.toml", "# nothing", EMPTY),
        ("a.xml", "<r><a>1</a></r>", VALID),
        ("a.xml", "<r><a>1</a>", BROKEN),
        ("a.xml", "<r/>", EMPTY),
        ("a.xml", "<r><a>placeholder</a></r>", PLACEHOLDER),
        ("a.xml", '<!DOCTYPE r [<!ENTITY e "x">]><r>&e;</r>', UNREADABLE),
        ("a.xml", '<!DOCTYPE r [<!ENTITY e SYSTEM "/etc/passwd">]><r>&e;</r>', UNREADABLE),
    ],
)
def test_states_of_data(read: Read, name: str, content: str, state: ArtifactState) -> None:
    artifact = read(name, content)
    assert artifact.state is state, artifact.summary()
    assert "root:" not in artifact.text


def test_json_facts(read: Read) -> None:
    facts = read("m.json", '{"acc": 0.9, "per": {"a": 1, "b": [2, true]}, "by": "svm"}').facts
    assert facts["top"] == "object"
    assert facts["keys"] == ["acc", "per", "by"]
    assert (facts["entries"], facts["leaves"], facts["numbers"]) == (3, 5, 3)


def test_objects_a_line_under_the_name_json_are_harmless(read: Read) -> None:
    artifact = read("rows.json", '{"a": 1}\n{"a": 2}\n')
    assert (artifact.state, artifact.format) == (VALID, "jsonl")


def test_json_in_utf16_is_read(read: Read) -> None:
    assert read("a.json", '{"é": 1}'.encode("utf-16")).facts["keys"] == ["é"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1, 1) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=10,
    )
)
def test_json_with_a_number_in_it_is_never_called_nothing(value: object) -> None:
    from judge.workspace.structured import _judged

    found = _judged("json", [value, 1], json.dumps([value, 1]), ())
    assert found.state is VALID
    assert found.facts["numbers"] >= 1


@pytest.mark.parametrize(
    ("content", "state"),
    [
        ("a,b\n1,2\n3,4\n", VALID),
        ("a;b\n1;2\n", VALID),
        ("1,2\n", VALID),
        ("name,city\nAnn,Bonn\n", VALID),
        ("a,b\n", EMPTY),
        ("a,b\n,\n,\n", EMPTY),
        ("\n\n", EMPTY),
        ("placeholder", PLACEHOLDER),
        ("a,b\nTODO,TODO\nTODO,TODO\n", PLACEHOLDER),
        (bytes(range(256)), BROKEN),
        ("a,b\n" + "x" * 2_000_000 + ",1\n", UNREADABLE),
    ],
)
def test_states_of_csv(read: Read, content: str | bytes, state: ArtifactState) -> None:
    artifact = read("t.csv", content)
    assert artifact.state is state, artifact.summary()


def test_csv_facts(read: Read) -> None:
    rows = "".join(f"{n},x,7,{'' if n % 2 else 0.5}\n" for n in range(10))
    facts = read("t.csv", f"id,name,same,half\n{rows}").facts
    assert (facts["rows"], facts["columns"]) == (10, 4)
    assert facts["column_names"] == ["id", "name", "same", "half"]
    assert facts["column_types"] == ["number", "text", "number", "number"]
    assert facts["constant_columns"] == ["name", "same"]
    assert facts["empty_cells"] == 5
    assert facts["numbers"] == 25


def test_quoted_delimiters_and_line_ends_do_not_split_rows(read: Read) -> None:
    facts = read("t.csv", 'a,b\n"1,5","two\nlines"\n').facts
    assert (facts["rows"], facts["columns"]) == (1, 2)
    assert "ragged_rows" not in facts


def test_a_table_without_a_header_counts_every_row(read: Read) -> None:
    artifact = read("t.tsv", "1\t2\n3\t4\n")
    assert artifact.facts["rows"] == 2
    assert artifact.facts["column_names"] == []


@given(st.text(max_size=400))
def test_any_text_is_read_as_a_table_or_refused(text: str) -> None:
    try:
        found = read_delimited(text, "csv")
    except Damaged:
        return
    assert found.state is not VALID or found.facts["rows"] > 0


def parquet(folder: Path, query: str) -> bytes:
    path = folder / "made.parquet"
    with duckdb.connect() as base:
        base.sql(query).write_parquet(str(path))
    return path.read_bytes()


def test_parquet_facts_and_states(read: Read, tmp_path: Path) -> None:
    whole = parquet(tmp_path, "SELECT i AS n, 'x' AS s FROM range(1000) t(i)")
    artifact = read("t.parquet", whole)
    assert artifact.state is VALID
    assert artifact.facts["rows"] == 1000
    assert artifact.facts["column_names"] == ["n", "s"]
    assert artifact.facts["column_types"] == ["bigint", "varchar"]
    none = parquet(tmp_path, "SELECT i AS n FROM range(0) t(i)")
    assert read("t.parquet", none).state is EMPTY
    nulls = parquet(tmp_path, "SELECT NULL::INT AS n FROM range(3)")
    assert read("t.parquet", nulls).state is EMPTY
    assert read("t.parquet", whole[:-100]).state is BROKEN
    damaged = whole[:20] + b"\xff" * 200 + whole[220:-300] + b"\0" * 250 + whole[-50:]
    assert read("t.parquet", damaged).state is BROKEN


def database(folder: Path, *statements: str) -> bytes:
    path = folder / "made.db"
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()
    return path.read_bytes()


ENDLESS = (
    "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
    " SELECT * FROM c"
)


def test_database_facts(read: Read, tmp_path: Path) -> None:
    content = database(
        tmp_path,
        "CREATE TABLE people (name TEXT, age INT)",
        "INSERT INTO people VALUES ('Ann', 3), ('Bob', 4)",
        "CREATE TABLE vacant (a)",
        'CREATE TABLE "odd ""name" (a)',
        ENDLESS,
    )
    artifact = read("d.db", content)
    assert artifact.state is VALID
    assert artifact.facts["tables"] == ['odd "name', "people", "vacant"]
    assert artifact.facts["table_rows"] == {"vacant": 0, 'odd "name': 0, "people": 2}
    assert artifact.facts["table_columns"]["people"] == ["name", "age"]
    assert artifact.facts["views"] == ["v"]
    assert "Ann | 3" in artifact.text


def test_states_of_databases(read: Read, tmp_path: Path) -> None:
    assert read("d.db", database(tmp_path, "CREATE TABLE t (a)")).state is EMPTY
    assert read("d.db", database(tmp_path, "CREATE TABLE t (a)", "DROP TABLE t")).state is EMPTY
    rows = ", ".join(f"('{'x' * 50}{n}')" for n in range(2_000))
    whole = database(tmp_path, "CREATE TABLE t (a)", f"INSERT INTO t VALUES {rows}")
    assert read("d.sqlite3", whole).state is VALID
    assert read("d.sqlite3", whole[: len(whole) // 2]).state is BROKEN
    assert read("d.db", "no database").state is BROKEN
    assert read("d.db", b"SQLite format 3\0" + b"\xff" * 5_000).state is BROKEN


def test_rows_in_a_write_ahead_log_count(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA wal_autocheckpoint = 0")
    base.execute("CREATE TABLE t (a)")
    base.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(500)])
    base.commit()
    main, log = path.read_bytes(), path.with_name("live.db-wal").read_bytes()
    base.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(7)])
    base.close()
    assert read("d.db", main, wal=log).facts["table_rows"] == {"t": 500}
    # Without its log the database is as it was before: here, without any table.
    assert read("d.db", main).state is not VALID
    torn = log[:-100]
    assert read("d.db", main, wal=torn).state is not VALID


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(mode: str, **members: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_archives_are_listed(read: Read, mode: str) -> None:
    content = tarred(mode, a=b"one", b=b"x" * 70_000)
    name = "t.tar" + mode[1:].replace(":", ".")
    artifact = read(name, content)
    assert artifact.state is VALID
    assert artifact.facts["members"] == ["a", "b"]
    assert artifact.facts["unpacked_bytes"] == 70_003
    assert read(name, content[: len(content) // 2]).state is BROKEN
    assert read(name, tarred(mode)).state is EMPTY


def test_zip_archives_are_listed_and_checked(read: Read) -> None:
    content = zipped(a=b"one", b=b"x" * 1_000)
    artifact = read("z.zip", content)
    assert artifact.state is VALID
    assert artifact.facts["members"] == ["a", "b"]
    assert artifact.facts["unpacked_bytes"] == 1_003
    assert read("z.zip", content[:-30]).state is BROKEN
    at = content.index(b"b") + 3
    assert read("z.zip", content[:at] + b"\xff" + content[at + 1 :]).state is BROKEN
    assert read("z.zip", zipped()).state is EMPTY
    assert read("z.zip", zipped(a=b"")).state is EMPTY
    assert read("z.zip", "text").state is BROKEN


def test_an_encrypted_zip_is_unreadable(read: Read) -> None:
    content = bytearray(zipped(a=b"secret" * 10))
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    assert read("z.zip", bytes(content)).state is UNREADABLE


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.csv.gz", gzip.compress), ("a.bz2", bz2.compress), ("a.xz", lzma.compress)],
)
def test_single_compressed_files_tell_their_size_and_text(
    read: Read, name: str, pack: object
) -> None:
    assert callable(pack)
    content = pack(b"a,b\n1,2\n" * 100)
    artifact = read(name, content)
    assert artifact.state is VALID
    assert artifact.facts["unpacked_bytes"] == 800
    assert artifact.text.startswith("a,b")
    assert read(name, content[:-6]).state is BROKEN
    assert read(name, pack(b"")).state is EMPTY
    assert read(name, pack(b"\0" * 1_000)).state is EMPTY


def test_formats_without_a_reader_are_unreadable(read: Read) -> None:
    assert read("a.7z", b"7z\xbc\xaf\x27\x1c" + b"\1" * 50).state is UNREADABLE
    assert read("a.bin", bytes(range(256)) * 3).state is UNREADABLE
    assert read("a.tflite", b"\x1c\0\0\0TFL3" + bytes(range(200))).state is UNREADABLE
