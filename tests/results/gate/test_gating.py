"""When a gate is red, when it is green, and when it says that it cannot tell."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.comparison import GateVerdict, RuleResult, Series, Side, Unit
from results.errors import InputError
from results.gate import Budget, Drift, Policy, Rule, gate, overall
from tests.results.comparison.sides import side, tasks

PASS, FAIL, INCONCLUSIVE = GateVerdict.PASS, GateVerdict.FAIL, GateVerdict.INCONCLUSIVE


def rule_of(before: Side, now: Side, **keys: Any) -> RuleResult:
    """The one rule's result; `keys` are the rule's."""
    (result,) = gate(before, now, Policy(rules=(Rule(**keys),))).rules
    return result


def lost(of: int, tasks_lost: int) -> Side:
    """So many tasks of which some lost half their requirements."""
    values = {**tasks(of, [1.0, 1.0])}
    for name in list(values)[:tasks_lost]:
        values[name] = [1.0, 0.0]
    return side(values, "now")


def test_identical_runs_pass_because_nothing_flipped() -> None:
    for number in (1, 2, 3, 55):
        before = side(tasks(number, [1.0, 0.0, None]), "before")
        result = gate(before, before)
        assert result.verdict is PASS
        (rule,) = result.rules
        assert rule.reason == f"None of {2 * number} units flipped."
        assert not rule.flips.harmful and not rule.flips.beneficial
        assert rule.difference == 0


def test_a_clear_worsening_fails_and_lists_what_was_lost() -> None:
    result = gate(side(tasks(20, [1.0, 1.0]), "before"), lost(20, 14))
    (rule,) = result.rules
    assert result.verdict is FAIL
    assert rule.difference == pytest.approx(-0.35)
    assert rule.ci is not None and rule.ci.high < -rule.margin == -0.02
    assert len(rule.flips.harmful) == 14
    assert rule.p is not None and rule.p < 0.05


def test_a_worsening_that_chance_could_be_is_inconclusive() -> None:
    rule = rule_of(side(tasks(20, [1.0, 1.0])), lost(20, 3), margin=0)
    assert rule.verdict is INCONCLUSIVE
    assert rule.ci is not None and rule.ci.low < 0 <= rule.ci.high


def test_a_small_worsening_within_the_margin_passes_with_what_would_have_been_seen() -> None:
    rule = rule_of(side(tasks(55, [1.0, 1.0])), lost(55, 2), margin=0.1)
    assert rule.verdict is PASS
    assert rule.minimum_detectable_effect is not None
    assert 0.1 < rule.minimum_detectable_effect < 0.5
    assert rule.power == 0.8


@pytest.mark.parametrize(("number", "verdict"), [(1, INCONCLUSIVE), (2, INCONCLUSIVE), (3, FAIL)])
def test_one_or_two_tasks_never_decide(number: int, verdict: GateVerdict) -> None:
    rule = rule_of(side(tasks(number, [1.0] * 5)), side(tasks(number, [0.0] * 5)))
    assert rule.verdict is verdict
    assert ("Too few" in rule.reason) == (number < 3)


def test_when_nothing_is_decided_the_gate_cannot_tell() -> None:
    rule = rule_of(side(tasks(20, [1.0])), side(tasks(20, [None])))
    assert rule.verdict is INCONCLUSIVE
    assert (rule.n, rule.difference, rule.ci, rule.p) == (0, None, None, None)


def test_units_lost_to_errors_cannot_hide_a_worsening() -> None:
    before = side(tasks(20, [1.0, 1.0]))
    now = side({**tasks(20, [1.0, 1.0]), "task 000": [None, None]}, failed=True)
    rule = rule_of(before, now)
    assert rule.verdict is INCONCLUSIVE
    assert "could tip it" in rule.reason
    assert "2 units of the candidate are in error." in rule.warnings
    assert rule_of(before, now, margin=0.06).verdict is PASS
    assert rule_of(before, now, margin=0.06, allowed_errors=2).verdict is PASS
    failed = rule_of(before, now, margin=0.06, allowed_errors=1)
    assert failed.verdict is FAIL and "1 are allowed" in failed.reason


def test_too_few_units_for_the_rule_are_inconclusive() -> None:
    before = side(tasks(10, [1.0]))
    assert rule_of(before, before, minimum_n=11).verdict is INCONCLUSIVE
    assert rule_of(before, before, minimum_n=10).verdict is PASS


def test_each_direction_is_red_on_its_own_side_only() -> None:
    worse, better = side(tasks(20, [1.0, 0.0])), side(tasks(20, [1.0, 1.0]))
    for direction, of_worse, of_better in (
        ("worse", FAIL, PASS),
        ("better", PASS, FAIL),
        ("either", FAIL, FAIL),
    ):
        assert rule_of(better, worse, direction=direction).verdict is of_worse
        assert rule_of(worse, better, direction=direction).verdict is of_better


@given(st.floats(0, 0.6), st.floats(0, 0.6))
def test_a_wider_margin_never_turns_green_to_red(one: float, other: float) -> None:
    order = [FAIL, INCONCLUSIVE, PASS]
    before, now = side(tasks(20, [1.0, 1.0])), lost(20, 11)
    narrow, wide = (rule_of(before, now, margin=margin) for margin in sorted((one, other)))
    assert order.index(narrow.verdict) <= order.index(wide.verdict)


def test_several_rules_share_alpha_unless_the_policy_says_not() -> None:
    before = side(tasks(8, [1.0, 1.0]))
    rules = tuple(Rule(name=str(number), margin=0) for number in range(4))
    now = side({**tasks(8, [1.0, 0.0]), "task 000": [1.0, 1.0]})
    alone = gate(before, now, Policy(rules=rules[:1]))
    assert alone.verdict is FAIL
    together = gate(before, now, Policy(rules=rules))
    assert together.verdict is INCONCLUSIVE
    assert "stand among all the rules" in together.rules[0].reason
    assert gate(before, now, Policy(rules=rules, correction="none")).verdict is FAIL


def test_all_rules_are_tried_and_one_red_one_makes_the_gate_red() -> None:
    slices = {f"task {i:03d}": "length=long" if i < 10 else "length=short" for i in range(20)}
    before = side(tasks(20, [1.0, 1.0]), slices=slices)
    values = {name: [0.0, 0.0] if i < 10 else [1.0, 1.0] for i, name in enumerate(slices)}
    policy = Policy(rules=tuple(Rule(slice=part) for part in ("length=long", "length=short", "")))
    result = gate(before, side(values, slices=slices), policy)
    assert [rule.verdict for rule in result.rules] == [FAIL, PASS, FAIL]
    assert result.verdict is FAIL
    assert overall([PASS, INCONCLUSIVE]) is INCONCLUSIVE
    assert overall([]) is INCONCLUSIVE


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Policy(rules=(Rule(metric="nope"),)), "metric 'nope'.*they share independent"),
        (Policy(rules=(Rule(name="r", slice="a=b"),)), "The rule 'r' is about the slice 'a=b'"),
        (Policy(budgets=(Budget(measure="wings", maximum=1),)), "'wings'.*it has cost, seconds"),
    ],
)
def test_a_rule_on_what_is_not_there_is_refused(policy: Policy, words: str) -> None:
    before = side(tasks(9, [1.0]), totals={"cost": None, "seconds": 3.0})
    with pytest.raises(InputError, match=words):
        gate(before, before, policy)


def test_budgets_limit_what_the_candidate_took() -> None:
    before = side(tasks(9, [1.0]), totals={"cost": 1.0, "seconds": None, "fps": 20.0})
    now = side(tasks(9, [1.0]), totals={"cost": 1.3, "seconds": 9.0, "fps": 15.0, "calls": None})
    for budget, verdict in (
        (Budget(measure="cost", maximum=1.3), PASS),
        (Budget(measure="cost", maximum=1.2), FAIL),
        (Budget(measure="cost", maximum_ratio=1.2), FAIL),
        (Budget(measure="cost", maximum_ratio=1.5), PASS),
        (Budget(measure="fps", minimum=16), FAIL),
        (Budget(measure="fps", minimum=15), PASS),
        (Budget(measure="seconds", maximum_ratio=2), INCONCLUSIVE),
        (Budget(measure="calls", maximum=2), INCONCLUSIVE),
    ):
        result = gate(before, now, Policy(budgets=(budget,)))
        assert (budget, result.verdict) == (budget, verdict)
        assert len(result.rules) == 1


def test_drift_is_what_units_change_by_though_the_mean_stays() -> None:
    random = np.random.default_rng(2)
    base = random.uniform(0.3, 0.7, size=(30, 4))
    change = random.choice([-0.05, 0.05], size=base.shape)
    before = side({f"v{i}": row.tolist() for i, row in enumerate(base)})
    now = side({f"v{i}": row.tolist() for i, row in enumerate(base + change)})
    verdicts = [
        gate(before, now, Policy(drift=(Drift(maximum=maximum),))).verdict
        for maximum in (0.01, 0.1)
    ]
    assert verdicts == [FAIL, PASS]
    same = gate(before, before, Policy(drift=(Drift(maximum=0.0),)))
    assert same.verdict is PASS
    few = side({f"v{i}": row.tolist() for i, row in enumerate((base + change)[:4])})
    assert gate(before, few, Policy(drift=(Drift(maximum=0.5),))).verdict is INCONCLUSIVE


def test_the_default_margin_of_what_is_no_share_is_a_part_of_the_baseline() -> None:
    series = Series(
        name="ms",
        unit="ms",
        units=tuple(Unit(cluster=f"v{i}", key=str(i), value=200.0 + i) for i in range(9)),
    )
    slow = side({}, metric="ms", series=(series,))
    assert gate(slow, slow).rules[0].margin == pytest.approx(0.02 * 204)
    signed = side({f"v{i}": [-0.1 * i] for i in range(9)})
    assert gate(signed, signed).rules[0].margin == 0.02


def test_a_result_is_one_json_document() -> None:
    document = gate(side(tasks(20, [1.0, 1.0])), lost(20, 14)).model_dump(mode="json")
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["rules"][0].keys() >= {
        *("metric", "slice", "verdict", "difference", "ci", "margin", "minimum_detectable_effect")
    }
