"""Real agent outputs: none of their artifacts is misjudged, and every one gives a fact."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from judge.workspace import ArtifactState, Workspace

DATA = os.environ.get("JUDGE_TEST_DATA")
BUNDLED = Path(__file__).parents[3] / "devai_tasks" / "bundled" / "workspaces"

needs_data = pytest.mark.skipif(DATA is None, reason="needs $JUDGE_TEST_DATA")


def states(folder: Path) -> dict[str, ArtifactState]:
    workspace = Workspace.open(folder)
    return {entry.path: workspace.artifact(entry.path).state for entry in workspace.files}


@pytest.mark.parametrize("task", ["01_Digit", "02_Time"])
def test_what_programs_really_made_is_valid(task: str) -> None:
    (folder,) = BUNDLED.glob(f"{task}*")
    found = states(folder)
    invalid = {path for path, state in found.items() if state is not ArtifactState.VALID}
    assert invalid <= {path for path in found if path.endswith("__init__.py")}


def test_hollow_artifacts_of_the_bundled_example_are_not_valid() -> None:
    (folder,) = BUNDLED.glob("03_Spam*")
    found = states(folder)
    hollow = ("models/spam_filter.pkl", "results/figures/top_words.png", "results/metrics.csv")
    for path in hollow:
        assert found[path] is not ArtifactState.VALID
    assert found["data/messages.csv"] is ArtifactState.VALID


@needs_data
def test_artifacts_of_a_real_agent_are_valid() -> None:
    (folder,) = (Path(DATA or "") / "devai" / "workspaces").rglob("39_Drug*")
    workspace = Workspace.open(folder)
    for entry in workspace.files:
        artifact = workspace.artifact(entry.path)
        assert artifact.is_valid or not entry.size, (entry.path, artifact.summary())
    report = workspace.artifact("results/drug_response_prediction_report.pdf")
    assert (report.facts["pages"], report.facts["images"]) == (2, 1)


@needs_data
def test_no_artifact_of_a_hollow_workspace_is_valid() -> None:
    for folder in sorted((Path(DATA or "") / "hollow" / "workspaces").iterdir()):
        for path, state in states(folder).items():
            if not path.endswith(".py"):
                assert state is not ArtifactState.VALID, path


@needs_data
def test_real_videos_tell_frames_and_duration() -> None:
    workspace = Workspace.open(Path(DATA or "") / "video")
    bird = workspace.artifact("02_hummingbird.mp4").facts
    assert (bird["width"], bird["height"], bird["frames"]) == (1280, 720, 176)
    assert bird["duration_s"] == pytest.approx(7.35, abs=0.05)
    assert workspace.artifact("21_biker.mp4").facts["frames"] == 239
