"""Policies read from files, and the sentences that say what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.comparison import Direction
from results.errors import InputError
from results.gate import Policy, Rule, load_policy

TOML = """
alpha = 0.1
correction = "none"
inconclusive = "pass"
[[rules]]
name = "long videos"
metric = "J&F"
slice = "length=long"
margin = 0.01
direction = "either"
minimum_n = 30
allowed_errors = 2
[[budgets]]
measure = "cost"
maximum = 5
maximum_ratio = 1.2
[[drift]]
metric = "J&F"
maximum = 0.01
"""
YAML = """
alpha: 0.1
correction: none
inconclusive: pass
rules:
  - {name: long videos, metric: J&F, slice: length=long, margin: 0.01, direction: either,
     minimum_n: 30, allowed_errors: 2}
budgets:
  - {measure: cost, maximum: 5, maximum_ratio: 1.2}
drift:
  - {metric: J&F, maximum: 0.01}
"""


def written(folder: Path, text: str, name: str = "policy.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_policy_says_the_same_in_toml_and_in_yaml(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, TOML))
    assert policy == load_policy(written(tmp_path, YAML, "policy.yml"))
    assert policy.rules[0].direction is Direction.EITHER
    assert policy.budgets[0].maximum_ratio == 1.2
    assert policy.drift[0].maximum == 0.01
    assert policy.all_rules == policy.rules


def test_a_policy_without_rules_has_one_on_the_primary_metric(tmp_path: Path) -> None:
    assert load_policy(written(tmp_path, "alpha = 0.01")).all_rules == (Rule(),)
    only_budget = '[[budgets]]\nmeasure = "cost"\nmaximum = 1'
    assert load_policy(written(tmp_path, only_budget)).all_rules == ()
    assert Policy().all_rules == (Rule(),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[rules]]\nmetrc = 'x'", r"rules\[0\].metrc is not a key of it; there are name, metric"),
        ("bounds = 1", "bounds is not a key of it; there are alpha, power"),
        ("alpha = 0", "alpha: input should be greater than or equal to 0.001"),
        ("alpha = 0.6", "alpha: input should be less than or equal to 0.5"),
        ("alpha = nan", "alpha"),
        ("[[rules]]\nmargin = -0.1", r"rules\[0\].margin"),
        ("[[rules]]\nmargin = 'wide'", r"rules\[0\].margin: input should be a valid number"),
        ("[[rules]]\nmargin = inf", r"rules\[0\].margin"),
        ("[[rules]]\ndirection = 'sideways'", "'worse', 'better' or 'either'"),
        ("[[rules]]\nminimum_n = -1", "minimum_n"),
        ("[[rules]]\nallowed_errors = 1.5", "allowed_errors"),
        ("rules = 3", "rules: input should be a list"),
        ("[[budgets]]\nmeasure = 'cost'", r"budgets\[0\] limits nothing"),
        ("[[drift]]\nmetric = 'x'", r"drift\[0\].maximum: field required"),
        ("inconclusive = 'maybe'", "inconclusive"),
        ("[[rules", "is no TOML"),
        ("a = " + "[" * 3000, "is no TOML"),
    ],
)
def test_a_faulty_policy_is_refused_with_its_place(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as refused:
        load_policy(written(tmp_path, text))
    assert "policy.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "- 1", "rules: [", "!!python/object/apply:os.system ['true']", "a: " + "[" * 900]
)
def test_a_yaml_file_that_is_no_policy_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"policy\.yaml"):
        load_policy(written(tmp_path, text, "policy.yaml"))


def test_a_file_that_cannot_be_a_policy_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.toml").write_text("#" * (2**20 + 1))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "folder.toml").mkdir()
    for name, words in (
        ("missing.toml", "No such file"),
        ("large.toml", "larger than"),
        ("bytes.toml", "cannot be read"),
        ("folder.toml", "regular file|directory"),
        ("policy.json", "neither"),
    ):
        with pytest.raises(InputError, match=words):
            load_policy(tmp_path / name)


@given(st.text(max_size=60))
def test_no_text_is_anything_but_a_policy_or_a_sentence(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name in ("policy.toml", "policy.yaml"):
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8")
            try:
                assert isinstance(load_policy(path), Policy)
            except InputError as error:
                assert str(error).endswith(".")
