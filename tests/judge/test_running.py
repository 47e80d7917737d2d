"""Runs in this process: what belongs to whom, in which order it is asked, and what a judge sees."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devai_tasks import load_tasks
from judge.judges.interface import Case, Question
from judge.running import RunOutcome, find_outputs, judge_workspaces, plan_runs, run_request
from judge.running.execution import Budget, execute
from judge.running.planning import RunPlan
from judge.running.scheduling import Desk
from results.errors import BudgetExceeded, InputError
from results.records import ArtifactEvidence, FileEvidence, Outcome, RunStatus, Usage, Verdict
from results.run_folder import RunFolder
from tests.support.outputs import write_files, write_output, write_task, write_trajectory

CHAIN = (("One.", ()), ("Two.", (0,)), ("Three.", (1,)), ("Four.", (0, 2)))


class Scripted:
    """A judge that answers by a table and remembers what it was asked and told."""

    name = "scripted"

    def __init__(self, answers: Mapping[int, Outcome] | None = None) -> None:
        self.answers = dict(answers or {})
        self.told: dict[tuple[str, int], dict[int, Outcome]] = {}
        self.order: list[tuple[str, int]] = []
        self._lock = threading.Lock()

    def describe(self) -> dict[str, Any]:
        return {"judge": self.name}

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        with self._lock:
            self.order.append((question.task, question.number))
            self.told[question.task, question.number] = {
                number: verdict.outcome for number, verdict in earlier.items()
            }
        outcome = self.answers.get(question.number, Outcome.UNSATISFIED)
        evidence = FileEvidence(path="src/train.py", start_line=1, end_line=1, quote="import json")
        return question.verdict(
            outcome, 0.5, "scripted", (evidence,), Usage(calls=1, input_tokens=10)
        )


def small_plan(folder: Path, requirements: Any = CHAIN, tasks: tuple[str, ...] = ("a",)) -> RunPlan:
    for task in tasks:
        write_task(folder / "tasks", task, requirements)
        write_output(folder / "out" / task)
    (plan,) = plan_runs(run_request(folder / "tasks", folder / "out"))
    return plan


def folder_for(plan: RunPlan, judge: Scripted, folder: Path) -> RunFolder:
    return RunFolder.create(folder / "runs", plan.record("a-run", judge))


def run(plan: RunPlan, judge: Scripted, folder: Path, **options: Any) -> RunOutcome:
    return execute(plan, judge, folder_for(plan, judge, folder), **options)


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_judge_is_told_the_verdicts_on_the_own_prerequisites_and_no_others(
    jobs: int, tmp_path: Path
) -> None:
    judge = Scripted({0: Outcome.SATISFIED, 1: Outcome.ABSTAINED})
    run(small_plan(tmp_path), judge, tmp_path, jobs=jobs)
    assert judge.told == {
        ("a", 0): {},
        ("a", 1): {0: Outcome.SATISFIED},
        ("a", 2): {1: Outcome.ABSTAINED},
        ("a", 3): {0: Outcome.SATISFIED, 2: Outcome.UNSATISFIED},
    }


def test_an_error_is_no_verdict_that_a_judge_is_told(tmp_path: Path) -> None:
    judge = Scripted({0: Outcome.ERROR})
    outcome = run(small_plan(tmp_path), judge, tmp_path)
    assert judge.told["a", 1] == {}
    assert outcome.status is RunStatus.INCOMPLETE
    assert outcome.outcomes_in_error == 1


def test_a_resumed_run_asks_only_what_is_in_error_or_missing(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    folder = folder_for(plan, Scripted(), tmp_path)
    execute(plan, Scripted({1: Outcome.ERROR}), folder)
    judge = Scripted({1: Outcome.SATISFIED})
    outcome = execute(plan, judge, folder)
    assert judge.order == [("a", 1)]
    assert judge.told["a", 1] == {0: Outcome.UNSATISFIED}
    assert outcome.status is RunStatus.COMPLETE
    # What the failed attempt took was taken all the same.
    assert outcome.usage.calls == 5
    idle = Scripted()
    assert execute(plan, idle, folder).verdicts == outcome.verdicts
    assert idle.order == []


def test_a_satisfied_verdict_whose_citation_is_not_there_does_not_count(tmp_path: Path) -> None:
    class Liar(Scripted):
        def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
            evidence = ArtifactEvidence(path="results/none.png", fact="a fine picture")
            return question.verdict(Outcome.SATISFIED, 1.0, "trust me", (evidence,))

    outcome = run(small_plan(tmp_path), Liar(), tmp_path)
    assert outcome.outcomes[Outcome.SATISFIED] == 0
    assert outcome.outcomes[Outcome.ABSTAINED] == 4
    assert "could not be verified" in outcome.verdicts[0].reason


def test_a_judge_that_breaks_down_costs_its_own_units_and_no_others(tmp_path: Path) -> None:
    class Fragile(Scripted):
        def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
            if question.number == 2:
                raise RecursionError("too deep")
            return super().judge(case, question, earlier)

    outcome = run(small_plan(tmp_path), Fragile(), tmp_path, jobs=3)
    assert outcome.outcomes[Outcome.ERROR] == 1
    assert outcome.outcomes[Outcome.UNSATISFIED] == 3
    (broken,) = [v for v in outcome.verdicts if v.outcome is Outcome.ERROR]
    assert "RecursionError: too deep" in broken.reason


def test_an_output_that_vanishes_during_a_run_leaves_units_in_error(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    (tmp_path / "out" / "a").rename(tmp_path / "gone")
    outcome = run(plan, Scripted(), tmp_path)
    assert outcome.outcomes[Outcome.ERROR] == 4
    assert "cannot be opened" in outcome.verdicts[0].reason


def test_a_budget_stops_the_asking_and_leaves_the_run_to_be_resumed(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    judge = Scripted()
    folder = folder_for(plan, judge, tmp_path)
    with pytest.raises(BudgetExceeded, match="budget"):
        execute(plan, judge, folder, budget=Budget(max_tokens=15))
    assert len(judge.order) == 2
    assert folder.status is RunStatus.INCOMPLETE
    assert execute(plan, judge, folder).status is RunStatus.COMPLETE
    assert judge.order == [("a", 0), ("a", 1), ("a", 2), ("a", 3)]


def test_progress_counts_every_unit_once(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    plan = small_plan(tmp_path, tasks=("a", "b"))
    run(plan, Scripted(), tmp_path, jobs=4, on_progress=lambda p: seen.append((p.done, p.total)))
    assert seen == [(done, 8) for done in range(9)]


def test_preferences_come_after_requirements_and_hang_on_none(tmp_path: Path) -> None:
    write_task(tmp_path / "tasks", "a", CHAIN, preferences=("Nice.",))
    write_output(tmp_path / "out" / "a")
    (plan,) = plan_runs(run_request(tmp_path / "tasks", tmp_path / "out", preferences=True))
    outcome = run(plan, Scripted(), tmp_path)
    assert [v.is_preference for v in outcome.verdicts] == [False] * 4 + [True]
    assert sum(outcome.outcomes.values()) == 4


def test_rates_follow_the_papers_readings(tmp_path: Path) -> None:
    """0 is met, 1 is not, 2 (needs 1) is met, 3 (needs 0 and 2) is met."""
    answers = dict.fromkeys((0, 2, 3), Outcome.SATISFIED)
    rates = run(small_plan(tmp_path), Scripted(answers), tmp_path).rates
    assert rates.independent.value == 3 / 4
    assert rates.dependent.value == 2 / 4  # 0 and 3: both direct prerequisites of 3 are met
    assert rates.transitive.value == 1 / 4  # 3 builds on 1 by way of 2
    assert rates.solve.value == 0


@given(
    st.lists(st.sets(st.integers(0, 11), max_size=4), min_size=1, max_size=12),
    st.integers(1, 4),
)
def test_every_question_goes_out_once_after_its_prerequisites(
    graph: list[set[int]], workers: int
) -> None:
    # Prerequisites point back only, so that there is no circle.
    questions = [
        Question("t", number, "?", tuple(sorted(p for p in names if p < number)))
        for number, names in enumerate(graph)
    ]
    desk = Desk(questions)
    order: list[int] = []
    lock = threading.Lock()

    def work() -> None:
        while (taken := desk.take()) is not None:
            question, earlier = taken
            assert earlier.keys() == set(question.prerequisites)
            with lock:
                order.append(question.number)
            desk.settle(question.verdict(Outcome.SATISFIED, 1.0, ""))

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    assert desk.wait()
    for thread in threads:
        thread.join(10)
    assert sorted(order) == list(range(len(questions)))


def test_a_workspace_belongs_to_the_task_of_its_name(tmp_path: Path) -> None:
    for task in ("a", "b", "c"):
        write_task(tmp_path / "tasks", task)
    write_output(tmp_path / "out" / "b")
    write_files(tmp_path / "out" / "stray", {"x.txt": ""})
    write_trajectory(tmp_path / "steps" / "out", "b")
    tasks = load_tasks(tmp_path / "tasks")
    (found,) = find_outputs(tasks, tmp_path / "out", tmp_path / "steps")
    assert found.agent == "out"
    (output,) = found.outputs
    assert output.task.name == "b"
    assert output.trajectory == tmp_path / "steps" / "out" / "b.json"
    assert any("stray" in note for note in found.notes)
    assert any("no workspace of a, c" in note for note in found.notes)


def test_a_selection_that_leaves_nothing_to_judge_is_refused(tmp_path: Path) -> None:
    for task in ("a", "b"):
        write_task(tmp_path / "tasks", task)
    write_output(tmp_path / "out" / "b")
    with pytest.raises(InputError, match="no workspace of the selected tasks"):
        find_outputs(load_tasks(tmp_path / "tasks"), tmp_path / "out", patterns=("a",))


def test_the_python_api_judges_stores_and_reads_back(tmp_path: Path) -> None:
    import judge

    write_task(tmp_path / "tasks", "a")
    write_output(tmp_path / "out" / "a")
    store = tmp_path / "results.duckdb"
    (outcome,) = judge.judge_workspaces(tmp_path / "tasks", tmp_path / "out", store=store)
    assert outcome.outcomes[Outcome.SATISFIED] == 2
    assert judge.Store(store).verdicts(outcome.run_id) == outcome.verdicts
    judged = judge.read_judged(outcome.run_id, tmp_path / "runs", store)
    assert judged.rates == outcome.rates
    assert judge.align(judged.flags, judged.flags).alignment == 1
    again = judge.resume_run(outcome.run_id, store=store)
    assert again.verdicts == outcome.verdicts


def test_the_python_api_needs_no_store(tmp_path: Path) -> None:
    write_task(tmp_path / "tasks", "a")
    write_output(tmp_path / "out" / "a")
    (outcome,) = judge_workspaces(
        tmp_path / "tasks", tmp_path / "out", store=None, run_dir=tmp_path / "elsewhere"
    )
    assert outcome.folder.path.parent == tmp_path / "elsewhere"
    assert not list(tmp_path.glob("*.duckdb"))
