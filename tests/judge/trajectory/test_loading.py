"""Trajectory files are found by the task's name, and what cannot be read is one clear sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from judge.trajectory import find_trajectory, load_trajectory
from judge.trajectory.bounds import LARGEST_FILE
from results.errors import InputError
from tests.judge.trajectory.samples import SAMPLES, Sample, devai

TASK = "01_Digits_ML"


def put(path: Path, text: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(devai()) if text is None else text)
    return path


@pytest.mark.parametrize(
    "place",
    [
        "{task}.json",
        "{task}.traj.json",
        "agent/{task}.jsonl",
        "agent/{task}.anything",
        "agent/{task}.trajectory.json",
    ],
)
def test_a_trajectory_is_found_by_its_name(place: str, tmp_path: Path) -> None:
    path = put(tmp_path / place.format(task=TASK))
    assert find_trajectory(tmp_path, "agent", TASK) == path


def test_a_folder_of_that_name_holds_the_trajectory(tmp_path: Path) -> None:
    path = put(tmp_path / "agent" / TASK / "logs" / "trajectory.json")
    put(tmp_path / "agent" / TASK / "logs" / "config.json", '{"a": 1}')
    put(tmp_path / "agent" / TASK / "notes.txt", "hello")
    found = find_trajectory(tmp_path, "agent", TASK)
    assert found == tmp_path / "agent" / TASK
    assert load_trajectory(found).path == str(path)


@pytest.mark.parametrize("name", ["01_Digits_ML_v2.json", "x01_Digits_ML.json", "01_Digits_ML",
                                  "01_Digits_ML.v2.json", "01_digits_ml.json"])  # fmt: skip
def test_another_name_is_another_task(name: str, tmp_path: Path) -> None:
    put(tmp_path / name)
    assert find_trajectory(tmp_path, "agent", TASK) is None


def test_another_agents_trajectory_is_not_taken(tmp_path: Path) -> None:
    put(tmp_path / "other" / f"{TASK}.json")
    assert find_trajectory(tmp_path, "agent", TASK) is None


def test_two_matches_are_an_error_that_names_both(tmp_path: Path) -> None:
    first, second = put(tmp_path / f"{TASK}.json"), put(tmp_path / "agent" / f"{TASK}.traj")
    with pytest.raises(InputError, match="match the task") as caught:
        find_trajectory(tmp_path, "agent", TASK)
    assert str(first) in str(caught.value) and str(second) in str(caught.value)


def test_a_log_beside_the_trajectory_is_no_second_match(tmp_path: Path) -> None:
    path = put(tmp_path / f"{TASK}.json")
    put(tmp_path / f"{TASK}.log", "started\nended\n")
    assert find_trajectory(tmp_path, "agent", TASK) == path


def test_a_broken_lone_match_is_given_so_that_loading_can_say_what_is_wrong(
    tmp_path: Path,
) -> None:
    path = put(tmp_path / f"{TASK}.json", "[{")
    found = find_trajectory(tmp_path, "agent", TASK)
    assert found == path
    with pytest.raises(InputError, match="breaks off at line 1"):
        load_trajectory(found)


@pytest.mark.parametrize("name", ["..", ".", "a/b", "", "\0"])
def test_an_agent_or_task_that_is_no_name_finds_nothing(name: str, tmp_path: Path) -> None:
    put(tmp_path / "in" / f"{TASK}.json")
    assert find_trajectory(tmp_path / "in", "agent", name) is None
    assert find_trajectory(tmp_path / "in", name, "other") is None


def test_a_missing_folder_of_trajectories_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist; check the path"):
        find_trajectory(tmp_path / "nowhere", "agent", TASK)


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret.json")
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / f"{TASK}.json").symlink_to(secret)
    with pytest.raises(InputError, match="leads out of"):
        find_trajectory(tmp_path / "given", "agent", TASK)


def test_two_trajectories_in_one_folder_are_an_error(tmp_path: Path) -> None:
    put(tmp_path / TASK / "a.json")
    put(tmp_path / TASK / "b.json")
    with pytest.raises(InputError, match="more than one trajectory"):
        load_trajectory(tmp_path / TASK)


def test_a_folder_without_a_trajectory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / TASK).mkdir()
    with pytest.raises(InputError, match="holds no trajectory"):
        load_trajectory(tmp_path / TASK)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b'[{"step": 0,', "breaks off at line 1, column"),
        (b'{"a": 1}\n{"b"', "is broken JSON|breaks off|no known format"),
        (b'{"a": nope}', "is broken JSON at line 1, column 7"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b"\xff\xfe[\x00]\x00", "is not UTF-8 \\(byte 1 is 0xff\\)"),
        (b'["caf\xe9"]', "is not UTF-8 \\(byte 6 is 0xe9\\)"),
        (b'[{"step": NaN}]', "NaN is no JSON number"),
        (b'[{"step": ' + b"9" * 5_000 + b"}]", "holds a value that is no JSON"),
        (b"PK\x03\x04", "is broken JSON|is not UTF-8"),
        (b'{"a": 1}', "of no known format; the known ones are devai, atif"),
        (b"3", "of no known format"),
        (b'"text"', "of no known format"),
        (b"null", "of no known format"),
        (b"[1, 2]", "of no known format"),
    ],
)
def test_what_is_no_trajectory_is_one_sentence(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says) as caught:
        load_trajectory(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message and message.endswith(".")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(devai()).encode())
    assert len(load_trajectory(path).steps) == 5


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    with path.open("wb") as file:
        file.truncate(3 * LARGEST_FILE)
    with pytest.raises(InputError, match="is larger than 64 MiB"):
        load_trajectory(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(No such file or directory\)"):
        load_trajectory(tmp_path / "none.json")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.json"
    os.mkfifo(path)
    with pytest.raises(InputError, match="is not a regular file"):
        load_trajectory(path)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.is_lines], ids=lambda s: s.name)
def test_a_log_whose_last_line_is_torn_is_read_without_it(sample: Sample, tmp_path: Path) -> None:
    path = sample.write(tmp_path)
    path.write_text(path.read_text() + '{"type": "assis')
    trajectory = load_trajectory(path)
    assert [cut for cut in trajectory.cuts if "is torn and left out" in cut]


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.is_lines], ids=lambda s: s.name)
def test_a_log_with_a_torn_line_in_its_midst_is_refused(sample: Sample, tmp_path: Path) -> None:
    path = sample.write(tmp_path)
    lines = path.read_text().split("\n")
    lines[2] = lines[2][:20]
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match="line 3 is no JSON object"):
        load_trajectory(path)
