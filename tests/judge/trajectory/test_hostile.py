"""Hostile and very long trajectories are read and asked in bounded time, and never break."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.evidence import check_citation
from judge.trajectory import (
    Step,
    Trajectory,
    claims,
    data_origins,
    last_run_of,
    load_trajectory,
    runs,
    writes,
)
from judge.workspace import Workspace
from results.records import TrajectoryEvidence
from tests.judge.trajectory.samples import devai_step

SIZE = 1_000_000
PIECES = (
    "$(", "${", "`", "'", '"', "<<A ", "\\", "((", "a;", "a|", '"$(', "&&", "cat <<E\n", "$'",
    "a$(b)", "$(a)$(b);", "bash -c '", "> f ", "python x.py;", "wget http://a/b ", "cd a;", "../",
    "Traceback (most recent call last):\n", '  File "a", line 1\n', "a@b:/c", "=", "== ",
    "accuracy of 9 ", "saved `a` ", "a/a.b ", "Error: x\n", "using synthetic ", "all tests ",
    "-rw-r--r-- 1 a b 0 x x x ", "a:\n", "\x1b[", "\r", "\n", "é", "a=1\n", "f(", "[", "-", "a+",
    "not ", "if a:\n ", "open('a.b','w').write(1);", "x.a().", "Calling tool: a\nb: <<", "```\n",
    '{"a":', "**CmdRunAction**\n", "*** Add File: a\n", "error: ", "a: b: not found\n",
)  # fmt: skip
PREFIXES = ("Running command: ", "Running Python code interactively: ", "")


def asked(trajectory: Trajectory) -> float:
    """The processor seconds that all questions take."""
    begun = time.process_time()
    writes(trajectory)
    writes(trajectory, "src/a.py")
    runs(trajectory)
    claims(trajectory)
    data_origins(trajectory)
    last_run_of(trajectory, "x.py")
    return time.process_time() - begun


@pytest.mark.parametrize("piece", PIECES)
def test_a_megabyte_of_anything_is_asked_within_seconds(piece: str) -> None:
    """A quadratic reader takes minutes for these; the bound leaves room for a slow machine."""
    text = piece * (SIZE // len(piece))
    closing = Step(1, thought="The model was saved in `models/a.pkl`. Accuracy of 0.9.")
    command = "Running command: python x.py; ls; wget http://a/b.csv"
    steps = [Step(0, action=prefix + text) for prefix in PREFIXES]
    steps += [Step(0, action=command, observation=text), Step(0, thought=text)]
    for step in steps:
        assert asked(Trajectory("a", "devai", "x", (step, closing))) < 3


some_text = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.tuples(st.sampled_from(PREFIXES), st.text("ab '\"\\$`;&|<>()\n=.,/-", max_size=60)).map(
        "".join
    ),
)
some_step = st.builds(
    Step, number=st.integers(0, 3), thought=some_text, action=some_text, observation=some_text
)


@settings(max_examples=150, deadline=None)
@given(st.lists(some_step, max_size=4))
def test_no_trajectory_breaks_a_question(steps: list[Step]) -> None:
    trajectory = Trajectory("a", "devai", "x", tuple(steps))
    asked(trajectory)
    numbers = {step.number for step in steps}
    assert {write.step for write in writes(trajectory)} <= numbers
    assert {run.step for run in runs(trajectory)} <= numbers


def test_code_nested_beyond_all_reason_says_nothing() -> None:
    for code in ("(" * 5_000, "x" + ".a()" * 20_000, "-" * 50_000 + "1", "a" + "+a" * 40_000):
        step = Step(0, action=f"Running Python code interactively: {code}")
        assert writes(Trajectory("a", "devai", "x", (step,))) == ()


def test_a_needle_in_a_thousand_steps_is_found(tmp_path: Path) -> None:
    steps = []
    for number in range(1_000):
        kind = number % 3
        if kind == 0:
            action = f"Running command: cat > src/m{number}.py <<'E'\nimport os\nprint(1)\nE"
        else:
            action = f"Running command: cd src && python m{number - kind}.py"
        steps.append(devai_step(number, action, f"epoch {number} accuracy 0.9\n" * 40))
    steps[700]["environment"] = "the needle\nstood here"
    path = tmp_path / "long.json"
    path.write_text(json.dumps(steps))
    begun = time.process_time()
    trajectory = load_trajectory(path)
    (write,) = writes(trajectory, "src/m600.py")
    run = last_run_of(trajectory, "src/m600.py")
    (tmp_path / "workspace").mkdir()
    workspace = Workspace.open(tmp_path / "workspace")
    evidence = TrajectoryEvidence(step=700, quote="needle stood")
    wrong = TrajectoryEvidence(step=3, quote="needle stood")
    assert check_citation(evidence, workspace, trajectory) is None
    assert check_citation(wrong, workspace, trajectory) == (
        "The quote stands in step 700, not in step 3."
    )
    assert (write.step, write.content) == (600, "import os\nprint(1)\n")
    assert run is not None and (run.step, run.ended) == (602, "ok")
    assert time.process_time() - begun < 3
