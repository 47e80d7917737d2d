"""The README's commands and code, run as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import JUDGE, environment, judge

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert found, f"the README has no {language} block"
    return "\n".join(found)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that has in it what the README's paths name."""
    (tmp_path / "devai_tasks").symlink_to(ROOT / "devai_tasks")
    return tmp_path


@pytest.mark.slow
def test_every_command_works_as_typed(checkout: Path) -> None:
    more = {"PATH": f"{JUDGE.parent}:/usr/local/bin:/usr/bin:/bin"}
    script = f"set -euo pipefail\n{blocks('sh')}"
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=checkout,
        env=environment(checkout, more),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    for left in ("judgments", "report/report.md", "tables/verdicts.csv", "steps.atif.json"):
        assert (checkout / left).exists()


def test_the_python_example_works_as_typed(checkout: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", blocks("python")],
        cwd=checkout,
        env=environment(checkout),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == 24


def test_the_config_file_is_one_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(blocks("toml"), encoding="utf-8")
    ended = subprocess.run(
        [JUDGE, "cache", "purge", "--json"],
        env=environment(tmp_path, {"JUDGE_CONFIG": str(tmp_path / "config.toml")}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert f"{tmp_path}/replies" in ended.stdout


def table_rows(text: str) -> list[tuple[str, ...]]:
    """(requirement, verdict, label) of each row of a verdict table."""
    outcome = "(satisfied|unsatisfied|abstained|error)"
    return re.findall(rf"^ (\d+) .*?  {outcome} +[\d.]+ +{outcome}", text, re.MULTILINE)


def test_the_table_shows_what_the_bundled_example_gives(tmp_path: Path) -> None:
    """Outcomes and labels, that is; citations and confidences may be of another day."""
    shown = table_rows(README)
    assert len(shown) == 23
    assert shown == table_rows(judge("run", folder=tmp_path).out)
