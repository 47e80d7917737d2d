"""Tasks are read from every place they live in, and every fault is named at once."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from devai_tasks import Task, find_faults, load_tasks, select_tasks
from results.errors import InputError, MissingExtra


def task(name: str = "01_Sort", **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "name": name,
        "query": "Sort the numbers.",
        "tags": ["Sorting"],
        "requirements": [
            {"requirement_id": 0, "prerequisites": [], "criteria": "Numbers are loaded."},
            {
                "requirement_id": 1,
                "prerequisites": [0],
                "criteria": "They are sorted.",
                "category": "Other",
                "satisfied": None,
            },
        ],
        "preferences": [{"preference_id": 0, "criteria": "It is quick.", "satisfied": None}],
        "is_kaggle_api_needed": False,
        "is_training_needed": True,
        "is_web_navigation_needed": False,
    }
    return content | changes


def requirement(number: int, *prerequisites: int, **changes: Any) -> dict[str, Any]:
    keys = {"requirement_id": number, "prerequisites": list(prerequisites), "criteria": "A thing."}
    return keys | changes


def write(file: Path, content: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))
    return file


def test_the_released_instances_are_read_exactly_as_they_are() -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("the released DevAI instances are needed; set JUDGE_TEST_DATA")
    loaded = load_tasks(Path(data) / "devai")
    assert len(loaded.tasks) == 55
    assert sum(len(each.requirements) for each in loaded.tasks) == 365
    assert sum(len(each.preferences) for each in loaded.tasks) == 125
    by_number = {each.name[:2]: each for each in loaded.tasks}
    assert by_number["38"].requirement(7).category is None
    assert by_number["45"].requirement(3).prerequisites == (0, 2)
    assert by_number["45"].requirement(4).prerequisites == (0, 2, 3)
    assert len(loaded.warnings) == 2
    assert all("45_Product" in text and "names itself" in text for text in loaded.warnings)
    categories = {r.category for each in loaded.tasks for r in each.requirements}
    assert "Performence Metrics" in categories
    for file in (Path(data) / "devai" / "instances").glob("*.json"):
        raw = json.loads(file.read_text())
        read = loaded.named(raw["name"])
        assert read is not None
        assert read.query == raw["query"]
        assert [r.criteria for r in read.requirements] == [
            r["criteria"] for r in raw["requirements"]
        ]
    assert {fault.is_self_loop for fault in find_faults(Path(data) / "devai")} == {True}


def test_extra_keys_are_tolerated_and_kept_out(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", task(hint="read on", resource="https://example.org"))
    (read,) = load_tasks(file).tasks
    assert "hint" not in read.model_dump()
    with pytest.raises(ValueError, match="frozen"):
        read.query = "another"  # type: ignore[misc]


def as_folder(root: Path) -> Path:
    for name in ("02_B", "01_A"):
        write(root / f"{name}.json", task(name))
    write(root / ".hidden.json", {})
    (root / "notes.txt").write_text("not a task")
    return root


def as_checkout(root: Path) -> Path:
    as_folder(root / "devai" / "instances")
    write(root / "package.json", {"private": True})
    return root


def as_devai_folder(root: Path) -> Path:
    as_folder(root / "instances")
    write(root / "trajectory-schema.json", {"type": "array"})
    return root


def as_lines(root: Path) -> Path:
    root.mkdir()
    rows = [
        json.dumps(task(name, query="a\u2028b"), ensure_ascii=False) for name in ("01_A", "02_B")
    ]
    (root / "tasks.jsonl").write_text("\n\n".join(rows) + "\n")
    return root


def as_list(root: Path) -> Path:
    return write(root / "all.json", [task("01_A"), task("02_B")])


def as_parquet(root: Path) -> Path:
    rows = write(root / "rows [1].json", [task("01_A"), task("02_B")])
    (root / "data").mkdir()
    target = root / "data" / "train-00000-of-00001.parquet"
    duckdb.read_json(str(rows).replace("[", "[[]")).write_parquet(str(target))
    rows.unlink()
    return root


@pytest.mark.parametrize(
    "layout", [as_folder, as_checkout, as_devai_folder, as_lines, as_list, as_parquet]
)
def test_tasks_come_from_every_layout_in_order(
    layout: Callable[[Path], Path], tmp_path: Path
) -> None:
    loaded = load_tasks(layout(tmp_path / "here"))
    assert [each.name for each in loaded.tasks] == ["01_A", "02_B"]
    first = loaded.tasks[0]
    assert first.graph == {0: (), 1: (0,)}
    assert (first.requirement(0).category, first.requirement(1).category) == (None, "Other")
    assert first.preferences[0].criteria == "It is quick."
    assert first.is_training_needed


def test_a_dataset_of_the_hub_is_read_from_its_local_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    revision = "0" * 40
    copy = tmp_path / "datasets--someone--tasks"
    as_lines(tmp_path / "built")
    (copy / "refs").mkdir(parents=True)
    (copy / "refs" / "main").write_text(revision)
    (copy / "snapshots").mkdir()
    (tmp_path / "built").rename(copy / "snapshots" / revision)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert [each.name for each in load_tasks("hub:someone/tasks").tasks] == ["01_A", "02_B"]
    with pytest.raises(InputError, match="someone/other cannot be had from the hub"):
        load_tasks("hub:someone/other")


def test_without_the_hub_client_the_install_command_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtra, match="pip install"):
        load_tasks("hub:someone/tasks")
    with pytest.raises(InputError, match="names no dataset"):
        load_tasks("hub:../../etc")


def test_all_the_faults_of_all_files_are_told_at_once_with_place_and_mend(tmp_path: Path) -> None:
    wrong = task(
        "a/b",
        tags="Sorting",
        is_training_needed="yes",
        requirements=[
            {"requirement_id": "0", "criteria": "Text."},
            requirement(1, 2, 9, criteria=" "),
            requirement(2, 1, satisfied="true"),
            requirement(2),
            requirement(4, 4),
            7,
        ],
    )
    del wrong["query"]
    write(tmp_path / "1.json", wrong)
    (tmp_path / "2.json").write_text('{"name": "x",\n "query": }')
    (tmp_path / "3.json").write_bytes(b'{"name": "\xff"}')
    write(tmp_path / "4.json", task("same"))
    write(tmp_path / "5.json", task("same"))
    (tmp_path / "6.json").write_text('{"name": "x", "name": "y"}')
    (tmp_path / "7.jsonl").write_text("\n" + json.dumps(task(requirements=[])) + "\n[1]\n{")
    (tmp_path / "8.json").write_text("[" * 200_000)
    faults = find_faults(tmp_path)
    told = {(fault.file, fault.place): fault.what for fault in faults}
    first = {place: what for (file, place), what in told.items() if file == "1.json"}
    assert first == {
        "/name": "`name` cannot name a file",
        "/query": "`query` is missing",
        "/tags": "`tags` is the text 'Sorting'",
        "/is_training_needed": "`is_training_needed` is the text 'yes'",
        "/requirements/0/requirement_id": "`requirement_id` is the text '0'",
        "/requirements/1/criteria": "`criteria` is empty",
        "/requirements/1/prerequisites": first["/requirements/1/prerequisites"],
        "/requirements/2/satisfied": "`satisfied` is the text 'true'",
        "/requirements/3/requirement_id": ("requirement_id 2 stands already at /requirements/2"),
        "/requirements/4/prerequisites": "requirement 4 names itself as a prerequisite",
        "/requirements/5": first["/requirements/5"],
    }
    graph_faults = [f.what for f in faults if f.place == "/requirements/1/prerequisites"]
    assert graph_faults == [
        "requirement 1 names prerequisite 9, which does not exist",
        "the requirements wait for each other in a circle: 1 → 2 → 1",
    ]
    assert "broken JSON (expecting value)" in told["2.json", "line 2, column 11"]
    assert "not UTF-8" in told["3.json", "byte 11"]
    assert "taken by 4.json" in told["5.json", "/name"]
    assert "`name` twice" in told["6.json", ""]
    assert told["7.jsonl", "line 2 /requirements"] == "`requirements` is empty"
    assert "should be a JSON object" in told["7.jsonl", "line 3"]
    assert "broken JSON" in told["7.jsonl", "line 4, column 2"]
    assert "nested too deeply" in told["8.json", ""]
    assert all(fault.mend for fault in faults)
    with pytest.raises(InputError) as refusal:
        load_tasks(tmp_path)
    assert str(refusal.value).startswith(f"{tmp_path} has {len(faults) - 1} faults. ")


def test_a_cycle_stops_loading_and_a_self_loop_only_loses_its_edge(tmp_path: Path) -> None:
    write(tmp_path / "loop.json", task(requirements=[requirement(0, 0), requirement(1, 0)]))
    loaded = load_tasks(tmp_path)
    assert loaded.tasks[0].graph == {0: (), 1: (0,)}
    assert len(loaded.warnings) == 1 and "take 0 out" in loaded.warnings[0]
    write(tmp_path / "cycle.json", task("c", requirements=[requirement(0, 1), requirement(1, 0)]))
    with pytest.raises(InputError, match=r"cycle\.json.*0 → 1 → 0"):
        load_tasks(tmp_path)


def test_places_without_tasks_are_told_from_broken_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        load_tasks(tmp_path / "missing")
    with pytest.raises(InputError, match="holds no tasks"):
        load_tasks(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(InputError, match="is not a task file"):
        load_tasks(tmp_path / "a.txt")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(InputError, match="holds no task;"):
        load_tasks(tmp_path)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no table")
    with pytest.raises(InputError, match="no readable Parquet"):
        load_tasks(tmp_path / "bad.parquet")


def test_tasks_are_selected_by_name_or_tag_and_a_slip_is_answered_with_a_guess() -> None:
    tasks = [
        Task.model_validate(task("01_A", tags=["Vision", "Audio"])),
        *map(Task.model_validate, (task("02_B", tags=["audio"]), task("03_C"))),
    ]
    assert select_tasks(tasks, []) == tuple(tasks)
    assert [t.name for t in select_tasks(tasks, ["03_C", "01_A"])] == ["01_A", "03_C"]
    assert [t.name for t in select_tasks(tasks, ["AUDIO"])] == ["01_A", "02_B"]
    with pytest.raises(InputError, match="did you mean Vision"):
        select_tasks(tasks, ["Visoin"])
