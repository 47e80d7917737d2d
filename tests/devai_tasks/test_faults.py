"""Whatever stands in a file ends in a task or in faults, never in a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devai_tasks.faults import Document, read_form
from devai_tasks.judgments import JudgmentFile
from devai_tasks.models import Task
from devai_tasks.reading import read_documents

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
KEYS = ("requirement_id", "prerequisites", "criteria", "category", "satisfied", "outcome")
requirements = st.dictionaries(st.sampled_from(KEYS), values) | st.fixed_dictionaries(
    {
        "requirement_id": st.integers(-1, 4),
        "prerequisites": st.lists(st.integers(-1, 4), max_size=4),
        "criteria": st.just("x") | values,
    }
)
documents = values | st.fixed_dictionaries(
    {"name": st.just("t") | values, "query": st.just("q") | values},
    optional={
        "requirements": st.lists(requirements | values, max_size=5) | values,
        "preferences": st.lists(st.dictionaries(st.just("preference_id"), values)) | values,
        "tags": values,
        "is_training_needed": values,
    },
)


@pytest.mark.parametrize("form", [Task, JudgmentFile])
@given(data=documents)
def test_any_json_is_a_value_or_has_faults(
    form: type[Task] | type[JudgmentFile], data: Any
) -> None:
    value, faults = read_form(Document("f.json", "", data), form)
    assert value is not None or faults
    assert all(fault.what and fault.mend and str(fault) for fault in faults)
    if value is not None and not faults:
        numbers = [r.requirement_id for r in value.requirements]
        assert len(set(numbers)) == len(numbers) > 0
        assert form.model_validate_json(value.model_dump_json()) == value


@pytest.mark.parametrize(
    "content",
    [
        rb'{"name": "\ud800", "query": "\udfff"}',
        b'{"name": "t", "query": "q", "requirements": [{"requirement_id": 1e999}]}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b"",
        b"null",
        b"\x00",
    ],
)
def test_hostile_files_have_faults(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "f.json"
    file.write_bytes(content)
    found, faults = read_documents(file, "f.json")
    for document in found:
        faults = faults + read_form(document, Task)[1]
    assert faults
    assert all(str(fault).isprintable() for fault in faults)


def test_a_file_that_starts_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "f.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps({"a": 1}).encode())
    assert read_documents(file, "f.json")[0][0].data == {"a": 1}
