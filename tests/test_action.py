"""The GitHub action's steps, run without GitHub: a small reading of composite actions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from devai_tasks import bundled_example
from tests.support.command import judge

ROOT = Path(__file__).parents[1]
TASKS = ROOT / "devai_tasks" / "bundled" / "tasks"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


class Job:
    """A job that uses the action: its folder, its inputs, and what the steps leave."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.folder = folder
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= ACTION["inputs"].keys()
        self.inputs = {
            name: given.get(name, self._resolved(str(about.get("default", ""))))
            for name, about in ACTION["inputs"].items()
        }
        self.outputs: dict[str, str] = {}
        self.summary = folder / "summary.md"
        self.summary.write_text("")
        self.log = ""

    def run(self) -> int:
        """Runs the steps that are scripts and whose condition holds; the first failure's status."""
        status = 0
        for step in ACTION["runs"]["steps"]:
            if "run" not in step or not self._holds(step.get("if", ""), status):
                continue
            assert not EXPRESSION.search(step["run"]), "an input in a script could be a command"
            status = self._run_script(step) or status
        return status

    def _run_script(self, step: dict[str, Any]) -> int:
        output = self.folder / "output"
        output.write_text("")
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            **{name: self._resolved(value) for name, value in step.get("env", {}).items()},
        }
        # As GitHub starts `shell: bash`.
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.log += done.stdout + done.stderr
        lines = output.read_text().splitlines()
        self.outputs |= dict(line.split("=", 1) for line in lines)
        return done.returncode

    def _resolved(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            context, _, name = found.group(1).partition(".")
            return self.inputs[name] if context == "inputs" else f"<{context}.{name}>"

        return EXPRESSION.sub(value, text)

    def _holds(self, condition: str, status: int) -> bool:
        if "always()" not in condition and status:
            return False
        found = re.fullmatch(r"inputs\.([\w-]+) (==|!=) '(.*)'", condition)
        if not condition:
            return True
        assert found, f"this reading does not know {condition!r}"
        name, operator, value = found.groups()
        return (self.inputs[name] == value) == (operator == "==")


def judgments(folder: Path, name: str, unmet: int) -> Path:
    """Judgment files of the bundled tasks; in the first `unmet` tasks nothing is met."""
    made = folder / name
    made.mkdir()
    for number, path in enumerate(sorted(TASKS.glob("*.json"))):
        document = json.loads(path.read_text())
        for requirement in document["requirements"]:
            requirement["satisfied"] = number >= unmet
        (made / path.name).write_text(json.dumps(document))
    return made


@pytest.fixture
def job(tmp_path: Path) -> Job:
    judgments(tmp_path, "before", unmet=0)
    judgments(tmp_path, "after", unmet=2)
    return Job(tmp_path, baseline="before", candidate="after", install="false")


def test_the_steps_gate_report_and_give_the_verdict(job: Job) -> None:
    status = job.run()
    result = json.loads((job.folder / job.outputs["json"]).read_text())
    # Two of three tasks are too few to tell, and that passes with a warning.
    assert (status, job.outputs["verdict"], result["verdict"]) == (0, *["INCONCLUSIVE"] * 2)
    assert "::warning title=judge gate%3A INCONCLUSIVE::" in job.log
    assert "INCONCLUSIVE" in job.summary.read_text()
    assert (job.folder / job.outputs["comment"]).read_text().startswith("<!-- agent-judge")
    for name in ("gate.xml", "gate.sarif", "annotations.txt"):
        assert (job.folder / "judge-gate" / name).stat().st_size


def test_inconclusive_can_be_a_failure(job: Job) -> None:
    job.inputs["inconclusive"] = "fail"
    assert job.run() == 1
    assert job.outputs["verdict"] == "INCONCLUSIVE"


def test_what_got_worse_everywhere_fails_with_a_mark(job: Job) -> None:
    judgments(job.folder, "worst", unmet=3)
    job.inputs["candidate"] = "worst"
    assert (job.run(), job.outputs["verdict"]) == (1, "FAIL")
    assert "::error title=judge gate%3A FAIL::" in job.log
    assert "FAIL" in job.summary.read_text()


def test_nothing_flipped_passes_and_can_become_the_baseline(job: Job) -> None:
    job.inputs |= {"candidate": "before", "write-baseline": "kept.parquet"}
    assert job.run() == 0
    assert job.outputs["verdict"] == "PASS"
    again = judge("gate", "--baseline", "kept.parquet", "--candidate", "before", folder=job.folder)
    assert again.status == 0


def test_unusable_input_fails_with_a_sentence_and_no_verdict(job: Job) -> None:
    job.inputs["baseline"] = "missing.parquet"
    assert job.run() == 2
    assert job.outputs["verdict"] == ""
    assert "missing.parquet" in job.log


def test_what_the_gate_notes_is_no_command_to_the_runner(job: Job) -> None:
    job.inputs["candidate"] = "##[add-mask]gone"
    assert job.run() == 2
    before, _, rest = job.log.partition("::stop-commands::")
    token, _, rest = rest.partition("\n")
    paused, mark, after = rest.partition(f"::{token}::")
    assert mark and "##[add-mask]gone" in paused
    assert "##[" not in before + after


def test_reports_that_the_checkout_brought_are_not_taken_for_the_gate_s(job: Job) -> None:
    reports = job.folder / "judge-gate"
    reports.mkdir()
    for name in ("annotations.txt", "gate.sarif", "comment.md", "gate.json"):
        (reports / name).write_text('::warning::planted {"verdict": "PASS"}')
    job.inputs["baseline"] = "missing.parquet"
    assert job.run() == 2
    assert "planted" not in job.log
    assert [path.name for path in reports.iterdir()] == ["gate.json"]
    assert "planted" not in (reports / "gate.json").read_text()


def test_an_input_is_never_a_command(job: Job) -> None:
    job.inputs |= {"candidate": "after; touch pwned $(touch pwned) `touch pwned`"}
    job.run()
    assert not (job.folder / "pwned").exists()
    for step in ACTION["runs"]["steps"]:
        assert "inputs." not in step.get("run", "")


@pytest.mark.slow
def test_the_jobs_of_the_gitlab_example_keep_a_baseline_and_gate_on_it(tmp_path: Path) -> None:
    name = "01_Digit_Recognition_MLP_Digits_ML"
    example = bundled_example()
    (tmp_path / "tasks").mkdir()
    shutil.copy(example.tasks / f"{name}.json", tmp_path / "tasks")
    shutil.copytree(example.workspaces / name, tmp_path / "outputs" / name)
    jobs = yaml.safe_load((ROOT / "examples" / "gitlab-ci.yml").read_text())

    def run(job: str) -> int:
        script = "set -e\n" + "\n".join(jobs[job]["script"])
        environment = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, check=False)
        return done.returncode

    assert run("judge-baseline") == 0
    assert run("judge-gate") == 0
    for written in jobs["judge-gate"]["artifacts"]["paths"]:
        assert (tmp_path / written).stat().st_size
    (tmp_path / "outputs" / name / "results" / "metrics.txt").unlink()
    # One task is too few to fail on; GitLab shows the status as a warning.
    assert run("judge-gate") == jobs["judge-gate"]["allow_failure"]["exit_codes"] == 4
    log = json.loads((tmp_path / "gate.sarif").read_text())
    (lost,) = log["runs"][0]["results"]
    place = lost["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "results/metrics.txt", "uriBaseId": name}


def test_every_file_of_the_examples_reads_as_yaml() -> None:
    for path in (ROOT / "examples").glob("*.yml"):
        assert "agent-judge" in str(yaml.safe_load(path.read_text()))
