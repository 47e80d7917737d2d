"""`judge run` on outputs of one agent and of several, and what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from devai_tasks import bundled_example, load_judgments
from tests.support.chat_server import ChatServer, fails, says_object
from tests.support.command import judge
from tests.support.outputs import write_files, write_output, write_task, write_trajectory


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with two tasks, of which one has an output that meets two of three."""
    write_task(tmp_path / "tasks", "a", preferences=["It is short."])
    write_task(tmp_path / "tasks", "b", tags=["Other"])
    write_output(tmp_path / "out" / "a")
    return tmp_path


SMALL = ("run", "--tasks", "tasks", "--workspaces", "out")


def outcomes(run_dir: str) -> dict[tuple[str, int], str]:
    """(task, requirement) -> outcome, from the journal itself."""
    lines = Path(run_dir, "journal.jsonl").read_text().splitlines()
    verdicts = [e["verdict"] for e in map(json.loads, lines) if e["kind"] == "verdict"]
    return {(v["task"], v["requirement_id"]): v["outcome"] for v in verdicts}


def test_without_options_the_bundled_example_is_judged_as_people_labelled_it(
    tmp_path: Path,
) -> None:
    ended = judge("run", "--json", folder=tmp_path)
    assert ended.status == 0
    document = ended.json
    found = outcomes(document["run_dir"])
    labels = {
        (task, requirement.requirement_id): requirement.outcome.value
        for task, judged in load_judgments(bundled_example().labels).requirements.items()
        for requirement in judged
    }
    assert found.keys() == labels.keys()
    decided = {key for key, outcome in found.items() if outcome in ("satisfied", "unsatisfied")}
    right = {key for key in decided if found[key] == labels[key]}
    assert len(decided) >= 0.8 * len(labels)
    assert len(right) >= 0.9 * len(decided)
    assert document["outcomes"]["satisfied"] == sum(o == "satisfied" for o in found.values())
    assert document["usage"] == {
        **document["usage"],
        "calls": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost": 0.0,
    }


def test_the_table_shows_verdicts_labels_rates_and_where_all_is_kept(tmp_path: Path) -> None:
    out = judge("run", folder=tmp_path).out
    assert "01_Digit_Recognition_MLP_Digits_ML" in out
    for words in ("satisfied", "requirements met (I)", "tasks solved whole", "kappa", "judge show"):
        assert words in out
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name in out


def test_the_store_holds_the_run_its_verdicts_and_their_evidence(tmp_path: Path) -> None:
    run_id = judge("run", "--json", folder=tmp_path).json["run_id"]
    with duckdb.connect(str(tmp_path / "results.duckdb"), read_only=True) as store:

        def count(table: str) -> int:
            row = store.execute(
                f"SELECT count(*) FROM {table} WHERE run_id = ?", [run_id]
            ).fetchone()
            assert row is not None
            return int(row[0])

        assert count("runs") == 1
        assert count("verdicts") == 23
        assert count("evidence") >= 23
    assert (tmp_path / "results.duckdb.snapshot").is_dir()


def test_run_json_says_what_was_asked_and_with_what(small: Path) -> None:
    write_trajectory(small / "steps", "a")
    more = {"OPENAI_API_KEY": "sk-not-to-be-written-down"}
    arguments = (*SMALL, "--trajectories", "steps", "--select", "a", "--agent", "mine", "--json")
    document = judge(*arguments, folder=small, more=more).json
    text = Path(document["run_dir"], "run.json").read_text()
    record = json.loads(text)
    assert record["agent"] == "mine"
    assert record["setting"] == "gray-box"
    assert record["config"]["request"]["select"] == ["a"]
    assert record["config"]["request"]["workspaces"] == str(small / "out")
    assert {"agent-judge", "python", "pillow", "tree-sitter-go"} <= record["versions"].keys()
    assert record["hashes"].keys() == {"tasks", "workspace:a", "trajectory:a"}
    assert record["host"]["system"]
    assert "sk-not-to-be" not in text


def test_one_agents_outputs_are_named_after_their_folder(small: Path) -> None:
    document = judge(*SMALL, "--json", folder=small).json
    assert document["agent"] == "out"
    assert document["setting"] == "black-box"
    assert outcomes(document["run_dir"]) == {
        ("a", 0): "satisfied",
        ("a", 1): "satisfied",
        ("a", 2): "unsatisfied",
    }
    rate = {"value": pytest.approx(2 / 3), "worst": pytest.approx(2 / 3), "n": 3}
    assert document["rates"]["independent"] == {**rate, "best": pytest.approx(2 / 3)}
    assert document["rates"]["solve"] == {"value": 0.0, "worst": 0.0, "best": 0.0, "n": 1}


def test_several_agents_get_a_run_each(small: Path) -> None:
    for agent in ("first", "second"):
        write_output(small / "all" / agent / "a")
    write_files(small / "all" / "notes", {"readme.txt": "no output"})
    arguments = ("run", "--tasks", "tasks", "--workspaces", "all", "--json")
    runs = judge(*arguments, folder=small).json["runs"]
    assert [run["agent"] for run in runs] == ["first", "second"]
    assert len({run["run_id"] for run in runs}) == 2
    one = judge(*arguments, "--agent", "second", folder=small).json
    assert one["agent"] == "second"
    none = judge(*arguments, "--agent", "third", folder=small)
    assert none.status == 2
    assert "'third'" in none.err


@pytest.mark.parametrize("pattern", ["a", "A*", "small", "SM*"])
def test_tasks_are_selected_by_name_or_tag_or_pattern(pattern: str, small: Path) -> None:
    write_output(small / "out" / "b")
    pattern = pattern.lower() if pattern == "A*" else pattern
    document = judge(*SMALL, "--select", pattern, "--json", folder=small).json
    assert {task for task, _ in outcomes(document["run_dir"])} == {"a"}


def test_preferences_are_judged_when_asked_for_and_never_counted(small: Path) -> None:
    document = judge(*SMALL, "--preferences", "--json", folder=small).json
    shown = judge("show", document["run_id"], "--json", folder=small).json
    assert [v["is_preference"] for v in shown["tasks"][0]["verdicts"]] == [False] * 3 + [True]
    assert sum(document["outcomes"].values()) == 3
    assert document["rates"]["independent"]["n"] <= 3


def test_the_setting_decides_whether_trajectories_are_seen(small: Path) -> None:
    write_trajectory(small / "steps", "a")
    arguments = (*SMALL, "--trajectories", "steps", "--json")
    assert judge(*arguments, folder=small).json["setting"] == "gray-box"
    blind = judge(*arguments, "--setting", "black-box", folder=small).json
    assert blind["setting"] == "black-box"
    record = json.loads(Path(blind["run_dir"], "run.json").read_text())
    assert "trajectory:a" not in record["hashes"]


def test_two_trajectories_for_one_task_are_an_error(small: Path) -> None:
    write_trajectory(small / "steps", "a")
    write_trajectory(small / "steps" / "out", "a")
    ended = judge(*SMALL, "--trajectories", "steps", folder=small)
    assert ended.status == 2
    assert "Two trajectories" in ended.err


def test_a_dry_run_says_what_would_be_asked_and_leaves_nothing(
    small: Path, chat_server: ChatServer
) -> None:
    dry = judge(*SMALL, "--dry-run", "--json", folder=small)
    assert dry.status == 0
    assert dry.json["questions"] == [
        {"task": "a", "requirement_id": number, "is_preference": False} for number in range(3)
    ]
    assert dry.json["usage"]["calls"] == 0
    (small / "config.toml").write_text("[prices.scripted]\ninput = 1000000.0\noutput = 0.0\n")
    more = {"OPENAI_BASE_URL": chat_server.url, "JUDGE_CONFIG": str(small / "config.toml")}
    model = ("--judge", "llm", "--model", "openai:scripted", "--dry-run", "--json")
    usage = judge(*SMALL, *model, folder=small, more=more).json["usage"]
    assert usage["calls"] == 3
    assert usage["input_tokens"] > 300
    assert usage["cost"] == pytest.approx(usage["input_tokens"])
    assert chat_server.calls == 0
    assert not (small / "runs").exists()
    assert not (small / "results.duckdb").exists()


def test_verdicts_do_not_depend_on_how_many_are_asked_at_once(tmp_path: Path) -> None:
    runs = [
        judge("run", "--jobs", jobs, "--json", folder=tmp_path).json["run_dir"]
        for jobs in ("1", "8")
    ]
    first, second = map(outcomes, runs)
    assert first == second


def test_an_llm_judge_is_asked_through_the_endpoint_and_its_usage_added_up(
    small: Path, chat_server: ChatServer
) -> None:
    chat_server.rule = lambda asked: says_object(
        {
            "outcome": "satisfied",
            "confidence": 0.9,
            "reason": "it is there",
            "citations": [
                {
                    "kind": "file",
                    "path": "src/train.py",
                    "start_line": 2,
                    "end_line": 2,
                    "quote": "from sklearn.linear_model import LogisticRegression",
                }
            ],
        },
        tokens=(100, 10),
    )
    more = {"OPENAI_BASE_URL": chat_server.url, "OPENAI_API_KEY": "sk-secret-of-a-test"}
    model = ("--judge", "llm", "--model", "openai:scripted", "--json", "--jobs", "2")
    document = judge(*SMALL, *model, folder=small, more=more).json
    assert document["model"] == "openai:scripted"
    assert document["usage"]["calls"] == chat_server.calls
    assert document["usage"]["input_tokens"] == 100 * chat_server.calls
    assert document["usage"]["cost"] is None
    record = json.loads(Path(document["run_dir"], "run.json").read_text())
    assert any(name.startswith("prompt:") for name in record["hashes"])
    everything = b"".join(
        file.read_bytes() for file in small.rglob("*") if file.is_file() and file.suffix != ".lock"
    )
    assert b"sk-secret-of-a-test" not in everything


def test_units_in_error_end_with_3_and_are_asked_again_by_the_printed_command(
    small: Path, chat_server: ChatServer
) -> None:
    chat_server.rule = lambda asked: fails(400, "this model is asleep")
    more = {"OPENAI_BASE_URL": chat_server.url, "OPENAI_API_KEY": "sk-secret-of-a-test"}
    failed = judge(
        *SMALL, "--judge", "llm", "--model", "openai:scripted", "--json", folder=small, more=more
    )
    assert failed.status == 3
    assert failed.json["outcomes"]["error"] == 3
    assert failed.json["rates"]["independent"] == {"value": None, "worst": 0.0, "best": 1.0, "n": 0}
    command = failed.err.strip().splitlines()[-1].partition("judge run ")[2].split()
    asked = chat_server.calls
    answer: dict[str, Any] = {"confidence": 0.5, "reason": "cannot tell", "citations": []}
    chat_server.rule = lambda asked: says_object({"outcome": "abstained", **answer})
    resumed = judge("run", *command, "--json", folder=small, more=more)
    assert resumed.status == 0
    assert resumed.json["run_id"] == failed.json["run_id"]
    assert resumed.json["outcomes"]["abstained"] == 3
    assert chat_server.calls == asked + 3
    again = judge("run", *command, "--json", folder=small, more=more)
    assert again.status == 0
    assert chat_server.calls == asked + 3
    stored = judge("results", "list", "--json", folder=small).json["runs"]
    assert [run["status"] for run in stored] == ["complete"]
    assert stored[0]["outcomes"]["abstained"] == 3


def test_a_budget_ends_a_run_that_can_go_on(small: Path, chat_server: ChatServer) -> None:
    answer: dict[str, Any] = {"confidence": 0.5, "reason": "cannot tell", "citations": []}
    chat_server.rule = lambda asked: says_object(
        {"outcome": "abstained", **answer}, tokens=(90, 20)
    )
    more = {"OPENAI_BASE_URL": chat_server.url, "OPENAI_API_KEY": "sk-secret-of-a-test"}
    model = ("--judge", "llm", "--model", "openai:scripted", "--max-tokens", "200")
    ended = judge(*SMALL, *model, "--json", folder=small, more=more)
    assert ended.status == 3
    assert chat_server.calls == 2
    assert "budget" in ended.json["error"]
    run_id = ended.json["resume"].split()[-1]
    assert judge("run", "--resume", run_id, "--quiet", folder=small, more=more).status == 0
    assert chat_server.calls == 3


def test_a_cost_limit_needs_a_known_price(small: Path, chat_server: ChatServer) -> None:
    more = {"OPENAI_BASE_URL": chat_server.url, "OPENAI_API_KEY": "sk-secret-of-a-test"}
    model = ("--judge", "llm", "--model", "openai:scripted", "--max-cost", "1")
    ended = judge(*SMALL, *model, folder=small, more=more)
    assert ended.status == 2
    assert "price" in ended.err
    assert chat_server.calls == 0


def test_a_resumed_run_refuses_another_subject(small: Path, chat_server: ChatServer) -> None:
    chat_server.rule = lambda asked: fails(400, "this model is asleep")
    more = {"OPENAI_BASE_URL": chat_server.url, "OPENAI_API_KEY": "sk-secret-of-a-test"}
    model = ("--judge", "llm", "--model", "openai:scripted", "--json")
    run_id = judge(*SMALL, *model, folder=small, more=more).json["run_id"]
    resume = ("run", "--resume", run_id)
    report = small / "out" / "a" / "report.md"
    report.write_text("written afterwards")
    changed = judge(*resume, folder=small, more=more)
    assert changed.status == 2
    assert "the workspace of a changed" in changed.err
    report.unlink()
    task = (small / "tasks" / "a.json").read_text()
    write_task(small / "tasks", "a", [("Something else.", ())])
    assert "the tasks changed" in judge(*resume, folder=small, more=more).err
    (small / "tasks" / "a.json").write_text(task)
    elsewhere = {**more, "OPENAI_BASE_URL": chat_server.url.replace("127.0.0.1", "localhost")}
    assert "the judge's settings changed" in judge(*resume, folder=small, more=elsewhere).err
