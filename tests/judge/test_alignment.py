"""Agreement with human labels: the published figures, and which requirements are compared."""

import os
from pathlib import Path
from typing import Any

import pytest

from devai_tasks import FlaggedRequirement, flagged, load_judgments, load_tasks
from judge.alignment import Alignment, align, likeness
from results.errors import InputError
from results.records import Outcome

YES, NO = Outcome.SATISFIED, Outcome.UNSATISFIED
ABSTAINED, ERROR = Outcome.ABSTAINED, Outcome.ERROR


def released() -> Path:
    folder = os.environ.get("JUDGE_TEST_DATA")
    if not folder:
        pytest.skip("the released DevAI judgments are needed; set JUDGE_TEST_DATA")
    return Path(folder) / "devai"


def asked(*texts_and_outcomes: tuple[str, Outcome]) -> tuple[FlaggedRequirement, ...]:
    return tuple(
        FlaggedRequirement(number, text, (), outcome)
        for number, (text, outcome) in enumerate(texts_and_outcomes)
    )


# Recomputed from the released files with independent code (specs of the metrics); percent.
GOLDEN: dict[str, dict[str, Any]] = {
    "MetaGPT": {
        "agree": 337,
        "alignment": 92.08,
        "labels": (22.13, 6.56, 4.92, 0),
        "judgments": (23.50, 6.01, 3.28, 0),
        "kappa": 0.775,
        "sensitivity": 0.852,
        "specificity": 0.940,
        "majority": 0.779,
        "ci": (0.891, 0.950),
    },
    "GPT-Pilot": {
        "agree": 317,
        "alignment": 86.61,
        "labels": (44.54, 28.96, 27.60, 9.09),
        "judgments": (46.45, 30.60, 28.96, 5.45),
        "kappa": 0.730,
        "sensitivity": 0.871,
        "specificity": 0.862,
        "majority": 0.555,
        "ci": (0.826, 0.906),
    },
    "OpenHands": {
        "agree": 330,
        "alignment": 90.16,
        "labels": (42.90, 28.69, 25.96, 1.82),
        "judgments": (43.44, 28.14, 24.86, 3.64),
        "kappa": 0.800,
        "sensitivity": 0.892,
        "specificity": 0.909,
        "majority": 0.571,
        "ci": (0.870, 0.933),
    },
}


@pytest.mark.parametrize("agent", GOLDEN)
def test_the_golden_values_of_the_released_judgments_come_out(agent: str) -> None:
    folder = released() / "judgments" / agent
    found = align(
        load_judgments(folder / "human").requirements,
        load_judgments(folder / "agent_gray_box").requirements,
    )
    golden = GOLDEN[agent]
    assert (found.n, found.decided, found.abstained, found.errors) == (366, 366, 0, 0)
    assert (found.agree, found.coverage, found.left_out) == (golden["agree"], 1.0, ())
    assert found.alignment == found.alignment_worst == found.alignment_best
    assert found.alignment is not None
    assert round(100 * found.alignment, 2) == golden["alignment"]
    for side in ("labels", "judgments"):
        rates = getattr(found, side)
        readings = (rates.independent, rates.dependent, rates.transitive, rates.solve)
        assert tuple(round(100 * rate.value, 2) for rate in readings) == golden[side]
        assert tuple(rate.n for rate in readings) == (366, 366, 366, 55)
    assert found.kappa is not None and round(found.kappa, 3) == golden["kappa"]
    assert found.sensitivity is not None and round(found.sensitivity, 3) == golden["sensitivity"]
    assert found.specificity is not None and round(found.specificity, 3) == golden["specificity"]
    assert found.majority_baseline is not None
    assert round(found.majority_baseline, 3) == golden["majority"]
    assert found.ci is not None and found.ci.clusters == 55
    assert (round(found.ci.low, 3), round(found.ci.high, 3)) == golden["ci"]
    human, judge = golden["labels"], golden["judgments"]
    assert found.shift.dependent == pytest.approx(abs(judge[1] - human[1]) / 100, abs=1e-4)
    assert found.shift.solve == pytest.approx(abs(judge[3] - human[3]) / 100, abs=1e-4)


@pytest.mark.parametrize("agent", GOLDEN)
def test_task_52_pairs_by_text_where_labels_and_instances_differ(agent: str) -> None:
    labels = load_judgments(released() / "judgments" / agent / "human").requirements
    tasks = load_tasks(released()).tasks
    found = align(labels, {task.name: flagged(task, []) for task in tasks})
    assert (found.n, found.abstained, found.coverage) == (364, 364, 0.0)
    assert {(o.task[:2], o.side, o.requirement_id) for o in found.left_out} == {
        ("52", "labels", 0),  # to finetune by the repository's instructions …
        ("52", "labels", 2),  # the inserted one
        ("52", "judgments", 0),  # … is another question than to download the repository
    }
    reworded = {(r.task[:2], r.label_id, r.judgment_id) for r in found.reworded}
    assert {pair for pair in reworded if pair[0] == "52"} == {("52", 1, 1), ("52", 4, 3)}
    assert ("27", 4, 4) in reworded  # "hyperparemeter"


def test_equal_texts_pair_under_another_id_and_are_not_called_reworded() -> None:
    labels = {
        "t": asked(("New first question here.", YES), ('The "data" is loaded in `a.py`.', NO))
    }
    judgments = {"t": asked(("The data is  loaded in a.py", NO))}
    found = align(labels, judgments)
    assert (found.n, found.agree, found.reworded) == (1, 1, ())
    assert [(o.side, o.requirement_id) for o in found.left_out] == [("labels", 0)]


def test_an_id_with_another_text_is_never_compared() -> None:
    labels = {"t": asked(("The report is saved as a PDF.", YES))}
    judgments = {"t": asked(("Cross-validation evaluates every fold.", YES))}
    with pytest.raises(InputError, match="no labelled requirement in common"):
        align(labels, judgments)


def test_of_two_alike_texts_each_is_taken_once_and_the_nearest_wins() -> None:
    labels = {
        "t": asked(
            ("The loss curve of training is saved under results.", YES),
            ("The loss curve of testing is saved under results.", NO),
        )
    }
    judgments = {
        "t": asked(
            ("The loss curve of testing is saved under all results.", NO),
            ("The loss curve of training is saved under all results.", YES),
        )
    }
    found = align(labels, judgments)
    assert [(r.label_id, r.judgment_id) for r in found.reworded] == [(0, 1), (1, 0)]
    assert (found.agree, found.n) == (2, 2)


def test_abstained_and_error_count_in_neither_agreement_but_in_its_worst_and_best() -> None:
    texts = ("one apple", "two pears here", "three plums there now", "four figs as well too")
    labels = {"t": asked(*zip(texts, (YES, NO, YES, NO), strict=True))}
    judgments = {"t": asked(*zip(texts, (YES, YES, ABSTAINED, ERROR), strict=True))}
    found = align(labels, judgments)
    assert (found.n, found.decided, found.abstained, found.errors) == (4, 2, 1, 1)
    assert (found.coverage, found.alignment) == (0.5, 0.5)
    assert (found.alignment_worst, found.alignment_best) == (0.25, 0.75)
    assert (found.sensitivity, found.specificity) == (1.0, 0.0)
    assert found.ci is None
    rate = found.judgments.independent
    assert (rate.value, rate.worst, rate.best, rate.n) == (1.0, 0.5, 1.0, 2)


def test_unlabelled_requirements_and_lone_tasks_are_left_out_with_the_reason() -> None:
    labels = {
        "a": asked(("first thing", YES), ("second matter", ABSTAINED)),
        "b": asked(("x", YES)),
    }
    judgments = {"a": asked(("first thing", NO), ("second matter", NO)), "c": asked(("y", NO))}
    found = align(labels, judgments)
    assert (found.n, found.alignment) == (1, 0.0)
    assert [(o.task, o.side, o.reason) for o in found.left_out] == [
        ("a", "labels", "it has no label"),
        ("b", "labels", "the judgments have no such task"),
        ("c", "judgments", "the labels have no such task"),
    ]
    assert found.judgments.independent.n == found.labels.independent.n == 1


def test_the_dependent_rate_follows_the_reading_asked_for() -> None:
    def chain(*outcomes: Outcome) -> tuple[FlaggedRequirement, ...]:
        texts = ("load alpha", "train beta", "plot gamma")
        return tuple(
            FlaggedRequirement(i, texts[i], (i - 1,) if i else (), outcome)
            for i, outcome in enumerate(outcomes)
        )

    labels, judgments = {"t": chain(NO, YES, YES)}, {"t": chain(YES, YES, YES)}
    direct, transitive = align(labels, judgments), align(labels, judgments, "transitive")
    assert direct.labels.dependent.value == pytest.approx(1 / 3)
    assert direct.labels.transitive.value == 0
    assert transitive.labels.dependent.value == 0
    assert direct.alignment == transitive.alignment


def test_the_json_has_the_keys_of_the_contract() -> None:
    labels = {"t": asked(("one", YES))}
    found = align(labels, labels).model_dump(mode="json")
    assert (
        set(found)
        == set(Alignment.model_fields)
        == {
            *("n", "decided", "abstained", "errors", "coverage", "agree"),
            *("alignment", "alignment_worst", "alignment_best", "kappa", "sensitivity"),
            *("specificity", "majority_baseline", "ci", "labels", "judgments", "shift"),
            *("reworded", "left_out"),
        }
    )
    assert set(found["labels"]) == set(found["shift"])
    assert set(found["labels"]["solve"]) == {"value", "worst", "best", "n"}


def test_likeness_is_blind_to_quotes_case_and_punctuation() -> None:
    assert likeness("Saved in `models/saved_models/`.", "saved in models/saved_models/") == 1
    assert likeness("", "something") == 0
