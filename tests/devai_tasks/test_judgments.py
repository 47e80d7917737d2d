"""Judgment files in DevAI's form are read as released, and written so that scripts still work."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from devai_tasks import Task, judgment_file, load_judgments, write_judgment
from results.errors import InputError
from results.records import FileEvidence, Outcome, Usage, Verdict

TASK = Task.model_validate(
    {
        "name": "01_Sort",
        "query": "Sort “numbers”.",
        "tags": ["Sorting"],
        "requirements": [
            {"requirement_id": 0, "prerequisites": [], "criteria": "Loaded.", "category": "Other"},
            {"requirement_id": 1, "prerequisites": [0], "criteria": "Sorted."},
            {"requirement_id": 2, "prerequisites": [0], "criteria": "Saved."},
            {"requirement_id": 3, "prerequisites": [0], "criteria": "Shown."},
        ],
        "preferences": [{"preference_id": 0, "criteria": "It is quick."}],
    }
)


def verdict(number: int, outcome: Outcome, **keys: Any) -> Verdict:
    return Verdict(
        task="01_Sort", requirement_id=number, outcome=outcome, confidence=0.9, reason="…", **keys
    )


VERDICTS = (
    verdict(
        0,
        Outcome.SATISFIED,
        evidence=(FileEvidence(path="a.py", start_line=1, end_line=1, quote="x"),),
        usage=Usage(calls=1, input_tokens=5, output_tokens=2, cost=None),
        seconds=1.5,
    ),
    verdict(1, Outcome.UNSATISFIED),
    verdict(2, Outcome.ERROR),
    verdict(0, Outcome.SATISFIED, is_preference=True),
)


@pytest.mark.parametrize("agent", ["MetaGPT", "GPT-Pilot", "OpenHands"])
@pytest.mark.parametrize("by", ["human", "agent_gray_box"])
def test_the_released_judgments_are_read_under_their_tasks_names(agent: str, by: str) -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("the released DevAI judgments are needed; set JUDGE_TEST_DATA")
    folder = Path(data) / "devai" / "judgments" / agent / by
    loaded = load_judgments(folder)
    assert set(loaded.files) == {file.stem for file in folder.glob("*.json")}
    assert sum(len(judged) for judged in loaded.requirements.values()) == 366
    slips = [text for text in loaded.warnings if "its name says" in text]
    assert len(slips) == (
        (agent, by)
        in {("GPT-Pilot", "human"), ("GPT-Pilot", "agent_gray_box"), ("OpenHands", "human")}
    )
    for file in folder.glob("*.json"):
        raw = json.loads(file.read_text())["requirements"]
        read = loaded.requirements[file.stem]
        assert [r.satisfied for r in read] == [r["satisfied"] for r in raw]
        assert [r.outcome is Outcome.SATISFIED for r in read] == [r["satisfied"] for r in raw]


def test_a_written_judgment_has_the_released_keys_and_reads_back(tmp_path: Path) -> None:
    judgment = judgment_file(TASK, VERDICTS)
    file = write_judgment(judgment, tmp_path / "out")
    assert file == tmp_path / "out" / "01_Sort.json"
    raw = json.loads(file.read_text(encoding="utf-8"))
    assert list(raw) == [
        *("name", "query", "tags", "requirements", "preferences", "is_kaggle_api_needed"),
        *("is_training_needed", "is_web_navigation_needed", "judge_stats"),
    ]
    assert [r["satisfied"] for r in raw["requirements"]] == [True, False, None, None]
    assert [r["outcome"] for r in raw["requirements"]] == [
        *("satisfied", "unsatisfied", "error", "abstained")
    ]
    assert "category" not in raw["requirements"][1]
    assert raw["preferences"][0]["satisfied"] is True
    assert raw["judge_stats"][0]["llm_stats"]["cost"] is None
    assert raw["judge_stats"][0]["evidence"][0]["path"] == "a.py"
    assert "“numbers”" in file.read_text(encoding="utf-8")
    assert load_judgments(file).files == {"01_Sort": judgment}
    assert load_judgments(tmp_path / "out").files == {"01_Sort": judgment}


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    judgment = judgment_file(TASK, VERDICTS)
    file = write_judgment(judgment, tmp_path)
    is_done = threading.Event()

    def rewrite() -> None:
        for _ in range(50):
            write_judgment(judgment, tmp_path)
        is_done.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    while not is_done.is_set():
        json.loads(file.read_text(encoding="utf-8"))
    writer.join()
    assert [each.name for each in tmp_path.iterdir()] == ["01_Sort.json"]


def test_verdicts_that_do_not_belong_are_refused() -> None:
    with pytest.raises(InputError, match="two verdicts on 1"):
        judgment_file(TASK, [verdict(1, Outcome.ERROR), verdict(1, Outcome.SATISFIED)])
    with pytest.raises(InputError, match=r"\[9\]"):
        judgment_file(TASK, [verdict(9, Outcome.SATISFIED)])
    other = verdict(0, Outcome.SATISFIED).model_copy(update={"task": "02_Other"})
    with pytest.raises(InputError, match="02_Other"):
        judgment_file(TASK, [other])


def judged(name: str, *flags: object) -> dict[str, Any]:
    return {
        "name": name,
        "requirements": [
            {"requirement_id": i, "prerequisites": [], "criteria": f"Thing {i}.", "satisfied": flag}
            for i, flag in enumerate(flags)
        ],
    }


def test_all_faults_of_a_folder_are_told_at_once(tmp_path: Path) -> None:
    contradicting = judged("a", True, None)
    contradicting["requirements"][0]["outcome"] = "unsatisfied"
    contradicting["requirements"][1]["outcome"] = "passed"
    (tmp_path / "a.json").write_text(json.dumps(contradicting))
    (tmp_path / "b.json").write_text(json.dumps(judged("b", "yes", 1)))
    (tmp_path / "c.json").write_text("{")
    (tmp_path / "d.json").write_text(json.dumps(judged("e", True)))
    (tmp_path / "e.json").write_text(json.dumps(judged("e", True)))
    with pytest.raises(InputError) as refusal:
        load_judgments(tmp_path)
    message = str(refusal.value)
    assert " has 6 faults. " in message
    for part in (
        "a.json, /requirements/0/outcome: `outcome` is unsatisfied while `satisfied` says",
        "a.json, /requirements/1/outcome",
        "b.json, /requirements/0/satisfied",
        "b.json, /requirements/1/satisfied: `satisfied` is the number 1",
        "c.json, line 1, column 2",
        "e.json, /name: the task e is judged already in d.json",
    ):
        assert part in message


def test_only_a_slip_of_the_pen_yields_to_the_files_name(tmp_path: Path) -> None:
    for stem, name in (("01_Task", "01_Tas"), ("02_Task", "02_Task.json"), ("x", "03_Task")):
        (tmp_path / f"{stem}.json").write_text(json.dumps(judged(name, True)))
    loaded = load_judgments(tmp_path)
    assert set(loaded.files) == {"01_Task", "02_Task", "03_Task"}
    assert {name for name, file in loaded.files.items() if file.name != name} == set()
    assert len(loaded.warnings) == 2


def test_missing_and_empty_places_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no judgment files"):
        load_judgments(tmp_path)
    with pytest.raises(InputError, match="no such file or folder"):
        load_judgments(tmp_path / "missing")
