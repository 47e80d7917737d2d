"""The project as a whole: what an install brings, and that its rooms are kept apart."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = {"judge", "dashboard", "runners", "benchmarks", "devai_tasks", "results"}
HEAVY = {"torch", "torchvision", "transformers", "ray", "litellm", "streamlit", "docker", "timm"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    copy = out / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        file = ROOT / name
        if name and file.is_file():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(copy)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return zipfile.ZipFile(built)


@pytest.mark.slow
def test_a_wheel_made_by_way_of_the_sdist_holds_all_that_is_needed_and_no_tests(
    wheel: zipfile.ZipFile,
) -> None:
    names = set(wheel.namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == ROOMS
    for room in ROOMS:
        assert f"{room}/py.typed" in names
    expected = [
        file
        for folder, pattern in (("judge/prompts", "*.md"), ("devai_tasks/bundled", "**/*"))
        for file in (ROOT / folder).glob(pattern)
        if file.is_file() and "__pycache__" not in file.parts
    ]
    assert len(expected) > 30
    assert not {file.relative_to(ROOT).as_posix() for file in expected} - names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert not [name for name in names if re.search(r"(^|/)(tests|conftest\.py)", name)]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_default_install_is_light(tmp_path: Path) -> None:
    names = {Requirement(text).name for text in PROJECT["project"]["dependencies"]}
    assert not names & HEAVY


def test_every_extra_of_the_design_is_offered() -> None:
    extras = set(PROJECT["project"]["optional-dependencies"])
    assert extras >= {
        *("models", "export", "gguf", "litellm", "docker", "dashboard", "distributed", "test")
    }


def test_constraints_pin_every_installed_dependency_by_version_alone() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", pin) for pin in pins)
    assert "torch==2.13.0" in pins
    pinned = {re.sub(r"[-_.]+", "-", pin.partition("==")[0]).lower() for pin in pins}
    wanted = ["agent-judge", "agent-judge[test]"]
    seen: set[str] = set()
    missing: set[str] = set()
    while wanted:
        requirement = Requirement(wanted.pop())
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        key = f"{name}{sorted(requirement.extras)}"
        if key in seen:
            continue
        seen.add(key)
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        if name not in pinned | {"agent-judge"}:
            missing.add(name)
        for text in needs:
            needed = Requirement(text)
            extras = requirement.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras):
                wanted.append(str(needed).partition(";")[0])
    assert not missing


def test_every_module_of_the_judge_room_is_kept_from_the_command() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (apart,) = [c for c in contracts if c.get("forbidden_modules") == ["judge.cli"]]
    there = {
        f"judge.{entry.stem}"
        for entry in (ROOT / "judge").iterdir()
        if (entry.suffix == ".py" or (entry / "__init__.py").exists())
        and entry.name not in {"__init__.py", "cli"}
    }
    assert there == set(apart["source_modules"]) - {"dashboard"}


@pytest.mark.slow
def test_imports_between_rooms_go_downwards_only() -> None:
    tool = Path(sys.executable).parent / "lint-imports"
    ended = subprocess.run([tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_no_file_of_the_project_is_named_for_having_no_subject() -> None:
    nameless = {"utils.py", "helpers.py", "common.py", "util.py", "misc.py"}
    rooms = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    assert not [file for file in rooms if file.name in nameless and "bundled" not in file.parts]
