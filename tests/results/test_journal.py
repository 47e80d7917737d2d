"""The journal: whole lines survive whatever happens to the last one."""

from __future__ import annotations

import doctest
import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results import strict_json
from results.errors import InputError, JournalError
from results.journal import MAX_LINE_BYTES, Journal

# Everything a Python string can hold, half surrogate pairs and NULs included.
any_text = st.text(st.characters(exclude_categories=()), max_size=30)
whole_numbers = st.integers(-(2**63), 2**63 - 1)
plain_values = st.recursive(
    st.none() | st.booleans() | whole_numbers | st.floats(allow_nan=False, allow_infinity=False)
    | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


@given(values=st.lists(plain_values, max_size=5))
def test_what_is_appended_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, values: list[object]
) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal") / "journal.jsonl")
    entries = [{"kind": "note", "value": value} for value in values]
    for entry in entries:
        journal.append(entry)
    assert list(journal.entries()) == entries
    assert journal.torn_bytes() == 0


def test_a_journal_without_a_file_has_no_entries(journal: Journal) -> None:
    assert list(journal.entries()) == []
    assert journal.torn_bytes() == 0


def test_a_journal_cut_at_any_byte_keeps_every_whole_line_and_goes_on(journal: Journal) -> None:
    entries = [{"kind": "note", "text": text} for text in ("plain", "é 😀 \ud800 \0", "{}\n[]")]
    for entry in entries:
        journal.append(entry)
    content = journal.path.read_bytes()
    ends = [i for i, byte in enumerate(content) if byte == ord("\n")]
    for length in range(len(content) + 1):
        journal.path.write_bytes(content[:length])
        # A line is whole from its last brace on; its line end may be missing.
        whole = sum(end <= length for end in ends)
        assert list(journal.entries()) == entries[:whole], length
        is_torn = length > 0 and length not in [*ends, *(end + 1 for end in ends)]
        assert (journal.torn_bytes() > 0) == is_torn, length
        journal.append({"kind": "after"})
        assert list(journal.entries()) == [*entries[:whole], {"kind": "after"}], length
        assert journal.path.read_bytes().count(b"\n") == whole + 1


def test_a_torn_line_longer_than_any_entry_is_passed_over(journal: Journal) -> None:
    journal.append({"kind": "first"})
    with journal.path.open("ab") as file:
        file.write(b"x" * (MAX_LINE_BYTES + 10))
    assert list(journal.entries()) == [{"kind": "first"}]
    journal.append({"kind": "second"})
    assert [entry["kind"] for entry in journal.entries()] == ["first", "second"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"a": 1}', "`kind` is missing"),
        (b'{"kind": 3}', "`kind` is missing"),
        (b'{"kind": "note", "text": "\xff"}', "not UTF-8"),
        (b'{"kind": "note", "n": NaN}', "NaN"),
        (b'{"kind": "note", "n": 1e999}', "not finite"),
        (b'{"kind": "note", "n": 9223372036854775808}', "beyond 64 bits"),
        pytest.param(
            b'{"kind": "note", "n": ' + b"9" * 100_000 + b"}", "beyond 64 bits", id="long number"
        ),
        (b'{"kind": "note", "n": ' + b"[" * 101 + b"]" * 101 + b"}", "deeper than 100"),
        pytest.param(
            b'{"kind": "note", "n": ' + b"[" * 100_000, "deeper than 100", id="too deep to read"
        ),
        (b"\0" * 50, "not JSON"),
        pytest.param(
            b'{"kind": "note", "n": "' + b"x" * MAX_LINE_BYTES + b'"}',
            "longer than",
            id="long line",
        ),
    ],
)
def test_a_damaged_line_is_named_with_its_file_and_number(
    journal: Journal, line: bytes, fault: str
) -> None:
    journal.path.write_bytes(b'{"kind": "note"}\n\n' + line + b'\n{"kind": "note"}\n')
    with pytest.raises(InputError, match=fault) as caught:
        list(journal.entries())
    assert f"{journal.path}, line 3," in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(journal.path))


def test_an_entry_nested_as_deep_as_allowed_is_kept(journal: Journal) -> None:
    deep: object = 1
    for _ in range(99):
        deep = [deep]
    journal.append({"kind": "note", "deep": deep})
    assert list(journal.entries()) == [{"kind": "note", "deep": deep}]
    with pytest.raises(JournalError, match="deeper than 100"):
        journal.append({"kind": "note", "deep": [deep]})


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"text": "no kind"}, "kind"),
        ({"kind": "note", "n": float("nan")}, "JSON"),
        ({"kind": "note", "n": 2**63}, "64 bits"),
        ({"kind": "note", "n": {1, 2}}, "JSON"),
        pytest.param({"kind": "note", "text": "x" * MAX_LINE_BYTES}, "bytes long", id="long entry"),
    ],
)
def test_an_entry_that_could_not_be_read_back_is_refused_before_it_is_written(
    journal: Journal, entry: dict[str, object], fault: str
) -> None:
    journal.append({"kind": "first"})
    with pytest.raises(JournalError, match=fault):
        journal.append(entry)
    assert list(journal.entries()) == [{"kind": "first"}]


def test_a_pipe_in_the_place_of_a_journal_is_refused_and_not_waited_for(journal: Journal) -> None:
    os.mkfifo(journal.path)
    with pytest.raises(InputError, match="not a regular file"):
        list(journal.entries())


def test_a_full_disk_leaves_the_journal_as_it_was(journal: Journal) -> None:
    journal.append({"kind": "first"})
    # A limit on the size of files makes the write a short one, as a full disk does.
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from results.journal import Journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40, resource.RLIM_INFINITY))\n"
        "Journal(Path(sys.argv[1])).append({'kind': 'note', 'text': 'x' * 100})\n"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    ended = subprocess.run(
        [sys.executable, "-c", script, journal.path], capture_output=True, text=True, check=False
    )
    assert "JournalError" in ended.stderr
    assert journal.path.read_bytes() == b'{"kind":"first"}\n'


def test_threads_and_processes_append_whole_lines_to_one_journal(journal: Journal) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from results.journal import Journal\n"
        "for n in range(100):\n"
        "    Journal(Path(sys.argv[1])).append({'kind': 'note', 'by': sys.argv[2], 'n': n})\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, journal.path, f"process {i}"])
        for i in range(3)
    ]

    def append(name: str) -> None:
        for n in range(100):
            journal.append({"kind": "note", "by": name, "n": n})

    threads = [threading.Thread(target=append, args=[f"thread {i}"]) for i in range(3)]
    for thread in threads:
        thread.start()
    read = 0
    while any(thread.is_alive() for thread in threads):
        now = sum(1 for _ in journal.entries())
        assert now >= read
        read = now
    assert [process.wait() for process in processes] == [0, 0, 0]
    by: dict[str, list[int]] = {}
    for line in journal.path.read_text().splitlines():
        entry = json.loads(line)
        by.setdefault(entry["by"], []).append(entry["n"])
    assert by == {f"{kind} {i}": list(range(100)) for kind in ("process", "thread") for i in "012"}


def test_the_examples_in_the_docstrings_hold() -> None:
    attempted = doctest.testmod(strict_json)
    assert attempted.failed == 0
    assert attempted.attempted >= 2
