"""What holds for every command: help, JSON, exit statuses, and how light the command is."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from devai_tasks import bundled_example
from tests.support.command import JUDGE, environment, judge, start
from tests.support.outputs import write_output, write_task

COMMANDS = (
    ("run",),
    ("show",),
    ("export",),
    ("align",),
    ("compare",),
    ("gate",),
    ("calibrate",),
    ("anchor", "check"),
    ("tasks", "validate"),
    ("tasks", "show"),
    ("trajectory", "show"),
    ("trajectory", "convert"),
    ("models", "list"),
    ("models", "export"),
    ("results", "list"),
    ("results", "show"),
    ("results", "sync"),
    ("results", "delete"),
    ("results", "export"),
    ("results", "import-reference"),
    ("bench", "run", "sa23"),
    ("bench", "run", "bfcl"),
    ("bench", "run", "commonsense"),
    ("bench", "run", "api-bank"),
    ("bench", "score", "coco-instances"),
    ("leaderboard",),
    ("cache", "purge"),
    ("doctor",),
)
HEAVY = {
    "av",
    "docker",
    "duckdb",
    "h5py",
    "litellm",
    "numpy",
    "openai",
    "openpyxl",
    "pandas",
    "PIL",
    "pydantic",
    "ray",
    "rich",
    "streamlit",
    "torch",
    "transformers",
    "tree_sitter",
}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(
    command: Sequence[str], tmp_path: Path
) -> None:
    helped = judge(*command, "--help", folder=tmp_path)
    assert helped.status == 0
    example = helped.out.partition("Example:")[2]
    assert f"judge {' '.join(command)}" in example
    for option in ("--json", "--quiet", "--debug"):
        assert option in helped.out


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[0] in {"run", "show", "results"}])
def test_commands_that_touch_the_store_let_one_name_it(
    command: Sequence[str], tmp_path: Path
) -> None:
    assert "--store" in judge(*command, "--help", folder=tmp_path).out


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys, judge.cli.main as m\n"
        f"m.status_of({arguments!r})\n"
        "print('|'.join({name.partition('.')[0] for name in sys.modules}))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    loaded = set(said.stdout.splitlines()[-1].split("|"))
    assert not loaded & HEAVY


def test_importing_the_package_imports_nothing_heavy_and_offers_every_documented_name() -> None:
    code = (
        "import sys, judge\n"
        "print('|'.join({name.partition('.')[0] for name in sys.modules}))\n"
        "for name in judge.__all__: getattr(judge, name)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(said.stdout.splitlines()[0].split("|")) & HEAVY


def test_help_takes_no_more_than_a_few_times_what_python_itself_takes(tmp_path: Path) -> None:
    def seconds(command: list[str]) -> float:
        began = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True, env=environment(tmp_path))
        return time.perf_counter() - began

    bare = [sys.executable, "-c", "pass"]
    seconds([str(JUDGE), "--help"])
    ratios = [seconds([str(JUDGE), "--help"]) / seconds(bare) for _ in range(7)]
    # Importing pydantic or rich alone would make it more than this.
    assert statistics.median(ratios) < 12


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fly"], "No such command 'fly'"),
        (["run", "--wings"], "No such option '--wings'"),
        (["run", "--tasks", "nowhere", "--workspaces", "."], "nowhere"),
        (["run", "--tasks", "tasks"], "--workspaces"),
        (["run", "--tasks", "tasks", "--workspaces", "nowhere"], "There is no folder"),
        (["run", "--tasks", "tasks", "--workspaces", "tasks"], "has the name of a task"),
        (["run", "--judge", "oracle"], "There is no judge 'oracle'"),
        (["run", "--judge", "llm"], "--model"),
        (["run", "--judge", "checks", "--model", "openai:x"], "asks no model"),
        (["run", "--judge", "panel:checks+oracle"], "There is no judge 'oracle'"),
        (["run", "--judge", "panel:checks@3"], "checks@3"),
        (["run", "--judge", "llm", "--model", "gpt-4o"], "openai:<model>"),
        (["run", "--judge", "llm", "--model", "openai:gpt-4o"], "OPENAI_API_KEY"),
        (["run", "--modules", "graph"], "'agent'"),
        (["run", "--executor", "ray"], "'ray'"),
        (["run", "--jobs", "0"], "--jobs"),
        (["run", "--select", "nothing-like-it"], "nothing-like-it"),
        (["run", "--select", "zz*"], "zz*"),
        (["run", "--setting", "gray-box", "--tasks", "tasks", "--workspaces", "out"], "--traj"),
        (["run", "--resume", "20200101"], "No run is called"),
        (["run", "--resume", "20200101", "--judge", "checks"], "--judge has no place"),
        (["show", "20200101"], "No run is called"),
        (["export", "20200101", "--format", "csv", "--out", "x"], "No run is called"),
        (["align", "--labels", "tasks", "--judgments", "nowhere"], "nowhere"),
        (["results", "list"], "There is no store"),
        (["results", "delete", "x"], "There is no store"),
        (["tasks", "validate", "nowhere"], "nowhere"),
        (["tasks", "show", "nowhere"], "nowhere"),
        (["trajectory", "show", "nowhere"], "nowhere"),
        (["trajectory", "show", "tasks/a.json"], "format"),
    ],
)
def test_a_wrong_call_ends_with_2_and_one_clear_sentence(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    write_task(tmp_path / "tasks", "a")
    write_output(tmp_path / "out" / "a")
    ended = judge(*arguments, "--json", folder=tmp_path)
    assert ended.status == 2
    assert sentence in ended.err
    assert "Traceback" not in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert ended.json == {"error": ended.err.removeprefix("judge: ").strip(), "exit_status": 2}
    assert not (tmp_path / "runs").exists()


def test_debug_shows_where_an_error_comes_from(tmp_path: Path) -> None:
    ended = judge("show", "nothing", "--debug", folder=tmp_path)
    assert ended.status == 2
    assert "Traceback" in ended.err


def test_a_broken_task_file_is_named_with_its_place(tmp_path: Path) -> None:
    write_output(tmp_path / "out" / "a")
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "a.json").write_text('{"name": "a",\n  oops}')
    ended = judge("run", "--tasks", "tasks", "--workspaces", "out", folder=tmp_path)
    assert ended.status == 2
    assert "a.json, line 2" in ended.err


def test_a_circle_of_requirements_stops_a_run_before_any_judging(tmp_path: Path) -> None:
    write_output(tmp_path / "out" / "a")
    write_task(tmp_path / "tasks", "a", [("One.", (1,)), ("Two.", (0,))])
    ended = judge("run", "--tasks", "tasks", "--workspaces", "out", folder=tmp_path)
    assert ended.status == 2
    assert "0 → 1 → 0" in ended.err
    assert not (tmp_path / "runs").exists()


def test_json_is_the_only_thing_on_stdout_and_notes_go_to_stderr(tmp_path: Path) -> None:
    write_task(tmp_path / "tasks", "a", [("One.", (0,))])
    write_task(tmp_path / "tasks", "b")
    write_output(tmp_path / "out" / "a")
    arguments = ("run", "--tasks", "tasks", "--workspaces", "out", "--json")
    spoken = judge(*arguments, folder=tmp_path)
    assert spoken.status == 0
    assert set(spoken.json["outcomes"]) == {"satisfied", "unsatisfied", "abstained", "error"}
    assert "names itself" in spoken.err
    assert "no workspace of b" in spoken.err
    assert judge(*arguments, "--quiet", folder=tmp_path).err == ""


def test_a_quiet_run_says_its_id_alone(tmp_path: Path) -> None:
    quiet = judge("run", "--quiet", folder=tmp_path)
    assert quiet.err == ""
    assert (tmp_path / "runs" / quiet.out.strip()).is_dir()


def test_the_store_is_named_by_the_environment_too(tmp_path: Path) -> None:
    more = {"JUDGE_STORE": str(tmp_path / "kept" / "here.duckdb")}
    assert judge("run", "--quiet", folder=tmp_path, more=more).status == 0
    assert (tmp_path / "kept" / "here.duckdb").is_file()
    assert (tmp_path / "kept" / "runs").is_dir()
    assert len(judge("results", "list", "--json", folder=tmp_path, more=more).json["runs"]) == 1


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path) -> None:
    tasks = bundled_example().tasks
    process = start("tasks", "show", tasks, "--json", folder=tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.wait(60)


def test_a_store_of_a_newer_version_is_refused_before_anything_is_judged(tmp_path: Path) -> None:
    assert judge("run", "--quiet", folder=tmp_path).status == 0
    code = (
        "import duckdb\n"
        "with duckdb.connect('results.duckdb') as store:\n"
        '    store.execute("INSERT INTO schema_migrations (number, name)"\n'
        "                  \" VALUES (9999, 'from the future')\")"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    ended = judge("run", folder=tmp_path)
    assert ended.status == 2
    assert "newer" in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.slow
def test_doctor_ends_with_0_and_tells_what_works_is_missing_or_broken(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "pypdf").mkdir(parents=True)
    (site / "pypdf" / "__init__.py").write_text("raise RuntimeError('built for another machine')")
    # Without any of the system tools on the path, and with a package that fails to import.
    more = {"PATH": "/nonexistent", "PYTHONPATH": str(site)}
    ended = judge("doctor", "--json", folder=tmp_path, more=more)
    assert ended.status == 0
    parts = {(part["kind"], part["name"]): part for part in ended.json["parts"]}
    assert parts["reader", "pypdf"]["state"] == "broken"
    assert "built for another machine" in parts["reader", "pypdf"]["mend"]
    assert parts["reader", "tree-sitter-go"]["state"] == "works"
    for tool in ("docker", "bwrap", "chromium"):
        assert parts["system tool", tool]["state"] == "missing"
        assert "apt-get install" in parts["system tool", tool]["mend"]
    for part in ended.json["parts"]:
        assert part["state"] == "works" or part["mend"]


def test_purging_the_cache_drops_kept_replies(tmp_path: Path) -> None:
    more = {"JUDGE_CACHE_DIR": str(tmp_path / "replies")}
    shelf = tmp_path / "replies" / "ab"
    shelf.mkdir(parents=True)
    (shelf / f"{'ab' * 32}.json").write_text(json.dumps({"format": 1}))
    assert judge("cache", "purge", "--json", folder=tmp_path, more=more).json["removed"] == 1
    assert not list(shelf.iterdir())
