"""The sets' released rows, their figures, and the commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import judge


def video(number: int, duration: str, replies: list[str], answer: str = "A") -> dict[str, Any]:
    return {
        "video_id": f"{number:03d}",
        "duration": duration,
        "domain": "Knowledge",
        "sub_category": "Astronomy",
        "questions": [
            {
                "question_id": f"{number:03d}-{index}",
                "task_type": "Counting" if index else "OCR",
                "question": "How many?",
                "options": ["A. One", "B. Two", "C. Three", "D. Four"],
                "answer": answer,
                "response": reply,
            }
            for index, reply in enumerate(replies, start=1)
        ],
    }


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def score(folder: Path, *arguments: str | Path) -> Any:
    ended = judge("bench", "score", *arguments, "--json", folder=folder)
    assert ended.status == 0, ended.err
    return ended.json


def test_video_mme_counts_over_all_and_over_answered_questions_by_slice(tmp_path: Path) -> None:
    videos = [video(1, "short", ["A", "B", "hm"]), video(2, "long", ["A. One", "A", ""])]
    write(tmp_path / "replies.json", videos)
    found = score(tmp_path, "video-mme", "--predictions", "replies.json")
    overall = found["overall"]
    assert (overall["n"], overall["answered"], overall["correct"]) == (6, 4, 3)
    assert (overall["accuracy"], overall["accuracy_answered"]) == (0.5, 0.75)
    assert overall["ci"]["clusters"] == 2
    assert found["by"]["duration"]["short"]["accuracy"] == pytest.approx(1 / 3)
    assert found["by"]["task_type"]["Counting"]["n"] == 6
    assert set(found["by"]) == {"duration", "domain", "sub_category", "task_type"}
    assert found["unparsed"] == ["001-3", "002-3"]
    assert found["scorer"] == "strict"


def test_the_rule_that_reads_is_chosen_and_named(tmp_path: Path) -> None:
    write(tmp_path / "replies.json", [video(1, "short", ["Blue, so the answer is A"])])
    for parser, correct in (("strict", 1), ("official", 0), ("lmms-eval", 1)):
        found = score(tmp_path, "video-mme", "--predictions", "replies.json", "--parser", parser)
        assert (found["scorer"], found["overall"]["correct"]) == (parser, correct)


def test_replies_join_released_questions_by_id(tmp_path: Path) -> None:
    write(tmp_path / "data.json", [video(1, "short", ["", "", ""])])
    (tmp_path / "mine.jsonl").write_text(
        '{"question_id": "001-1", "response": "A"}\n{"question_id": "001-2", "response": "C"}\n'
    )
    arguments = ("video-mme", "--predictions", "mine.jsonl", "--data", "data.json")
    found = score(tmp_path, *arguments)
    assert found["overall"]["accuracy"] == 0.5
    assert found["without_reply"] == ["001-3"]
    table = judge("bench", "score", *arguments, folder=tmp_path)
    assert "1 questions have no reply" in table.err and "duration: short" in table.out


def test_mlvu_is_the_plain_mean_of_its_tasks(tmp_path: Path) -> None:
    def row(reply: str) -> dict[str, Any]:
        return {
            "video": "a.mp4",
            "question": "?",
            "candidates": ["One", "Two"],
            "answer": "Two",
            "response": reply,
        }

    write(tmp_path / "dev" / "1_plotQA.json", [row("B"), row("A")])
    write(tmp_path / "dev" / "2_needle.json", [row("(B) Two")])
    found = score(tmp_path, "mlvu", "--predictions", "dev")
    assert found["M-Avg"] == pytest.approx((0.5 + 1) / 2)
    assert found["overall"]["accuracy"] == pytest.approx(2 / 3)
    assert set(found["by"]["task_type"]) == {"plotQA", "needle"}


def test_mvbench_gives_the_mean_of_tasks_and_of_questions(tmp_path: Path) -> None:
    rows = {
        "action_count": [("1", "A"), ("1", "B"), ("1", "B")],
        "state_change": [("2", "B")],
    }
    for task, given in rows.items():
        write(
            tmp_path / "mine" / f"{task}.json",
            [
                {
                    "video": "a",
                    "question": "?",
                    "candidates": ["1", "2"],
                    "answer": answer,
                    "response": reply,
                }
                for answer, reply in given
            ],
        )
    found = score(tmp_path, "mvbench", "--predictions", "mine")
    assert found["mean_of_tasks"] == pytest.approx((1 / 3 + 1) / 2)
    assert found["overall"]["accuracy"] == 0.5


def test_egoschema_joins_questions_answers_and_replies(tmp_path: Path) -> None:
    row = {"q_uid": "q1", "question": "?", **{f"option {n}": f"it is {n}" for n in range(5)}}
    write(tmp_path / "data.json", [{**row, "answer": 4}, {**row, "q_uid": "q2", "answer": 0}])
    write(tmp_path / "mine.json", {"q1": "E", "q2": "it is 1"})
    found = score(tmp_path, "egoschema", "--predictions", "mine.json", "--data", "data.json")
    assert (found["overall"]["correct"], found["overall"]["answered"]) == (1, 2)


def test_longvideobench_is_broken_down_by_duration(tmp_path: Path) -> None:
    rows = [
        {
            "id": f"v_{n}",
            "video_id": "v",
            "question": "?",
            "candidates": ["x", "y", "z"],
            "correct_choice": 2,
            "duration_group": 15 if n else 3600,
            "question_category": "S2E",
            "response": reply,
        }
        for n, reply in enumerate(["C", "D"])
    ]
    write(tmp_path / "mine.json", rows)
    found = score(tmp_path, "longvideobench", "--predictions", "mine.json")
    assert found["by"]["duration"]["3600"]["accuracy"] == 1
    assert found["by"]["duration"]["15"]["answered"] == 0
    assert found["unparsed"] == ["v_1"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"answer": "Z"}, "the answer 'Z' is none of its 4 options"),
        ({"options": ["only one"]}, "has 1 options"),
        ({"options": "A"}, "no `options`"),
        ({"question": None}, "no `question`"),
        ({"answer": None}, "has no answer to compare with"),
    ],
)
def test_a_malformed_row_ends_in_one_sentence(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    document = [video(1, "short", ["A"])]
    document[0]["questions"][0].update(change)
    write(tmp_path / "replies.json", document)
    ended = judge("bench", "score", "video-mme", "--predictions", "replies.json", folder=tmp_path)
    assert ended.status == 2
    assert words in ended.err and ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("none.json", None, "There is no file"),
        ("bad.json", "{", "is no JSON"),
        ("bad.jsonl", "[]\n", "no JSON object"),
        ("bad.json", "3", "neither a list nor an object"),
        ("bad.json", "[3]", "entry 1, is no object"),
        ("bad.json", "[]", "holds no reply"),
    ],
)
def test_a_file_of_something_else_ends_in_one_sentence(
    tmp_path: Path, name: str, text: str | None, words: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    ended = judge("bench", "score", "video-mme", "--predictions", name, folder=tmp_path)
    assert ended.status == 2 and words in ended.err


def test_twice_the_same_question_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "replies.json", [video(1, "short", ["A"]), video(1, "short", ["B"])])
    ended = judge("bench", "score", "video-mme", "--predictions", "replies.json", folder=tmp_path)
    assert ended.status == 2 and "twice" in ended.err
