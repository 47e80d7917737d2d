"""The files of questions as each set is released: columns, folders, and what lies beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks.video_qa.questions import Question
from benchmarks.video_qa.sets import SETS
from results.errors import InputError
from tests.support.command import judge


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def write_parquet(path: Path, select: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


def questions(name: str, data: Path) -> list[Question]:
    return [question for question, _ in SETS[name].read_from(data)]


def test_video_mme_is_read_from_the_hubs_parquet(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "videomme" / "test-00000-of-00001.parquet",
        "SELECT '001' AS video_id, 'short' AS duration, 'Knowledge' AS domain,"
        " 'Humanity & History' AS sub_category, 'https://www.youtube.com/watch?v=fFjv93ACGo8' AS"
        " url, 'fFjv93ACGo8' AS \"videoID\", '001-1' AS question_id, 'Counting Problem' AS"
        " task_type, 'How many?' AS question, ['A. Apples.', 'B. Candles.', 'C. Berries.',"
        " 'D. The three kinds.'] AS options, 'C' AS answer",
    )
    (tmp_path / "README.md").write_text("not read")
    (found,) = questions("video-mme", tmp_path)
    assert (found.id, found.video, found.answer) == ("001-1", "001", "C")
    assert found.options == ("Apples.", "Candles.", "Berries.", "The three kinds.")
    assert found.media_names == ("fFjv93ACGo8", "001")
    assert found.slices["sub_category"] == "Humanity & History"


def test_what_is_no_parquet_ends_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        questions("video-mme", tmp_path / "a.parquet")


def test_video_mmes_first_template_is_read(tmp_path: Path) -> None:
    video = {
        "video_id": "001",
        "duration_category": "short",
        "video_category": "Knowledge",
        "video_subcategory": "Humanity & History",
        "questions": [
            {
                "question_id": "001-1",
                "task_type": "Object Reasoning",
                "question": "Which is not correct?",
                "choices": ["A. One.", "B. Two.", "C. Three.", "D. Four."],
                "answer": "A",
                "response": "D",
            }
        ],
    }
    (found,) = questions("video-mme", write(tmp_path / "a.json", [video]))
    assert dict(found.slices) == {
        "duration": "short",
        "domain": "Knowledge",
        "sub_category": "Humanity & History",
        "task_type": "Object Reasoning",
    }


def test_mlvus_tasks_of_free_text_are_passed_over_and_videos_have_their_tasks_folder(
    tmp_path: Path,
) -> None:
    plot = {
        "video": "movie101_66.mp4",
        "duration": 480.0,
        "question": "What color is the main character's hat?",
        "candidates": ["Yellow", "Red", "Green", "Blue"],
        "answer": "Yellow",
        "question_type": "plotQA",
    }
    summary = {
        "video": "217.mp4",
        "duration": 480.0,
        "question": "Can you summarize the video?",
        "answer": "It is long.",
        "question_type": "summary",
    }
    write(tmp_path / "MLVU" / "json" / "1_plotQA.json", [plot])
    write(tmp_path / "MLVU" / "json" / "9_summary.json", [summary])
    for folder in (tmp_path, tmp_path / "MLVU", tmp_path / "MLVU" / "json"):
        (found,) = questions("mlvu", folder)
        assert (found.id, found.answer) == ("plotQA/0", "A")
        assert found.media_names == ("1_plotQA/movie101_66.mp4", "movie101_66.mp4")


def test_mlvus_test_set_has_ids_and_its_own_form_of_predictions(tmp_path: Path) -> None:
    row = {
        "video": "test_surveil_27.mp4",
        "duration": 297.57,
        "question": "Is there anything unusual?",
        "candidates": ["Fighting", "Shoplifting", "Arrest", "Normal", "Shooting", "Arson"],
        "answer": "Arson",
        "question_type": "anomaly_reco",
        "question_id": "AR_0",
    }
    write(tmp_path / "test-ground-truth" / "test_mcq_gt.json", [row])
    write(tmp_path / "test-ground-truth" / "test_vs_gt.json", [{"no": "questions"}])
    mine = [{"question_id": "AR_0", "question_type": "anomaly_reco", "option": "F"}]
    write(tmp_path / "test_res.json", mine)
    arguments = ("--predictions", "test_res.json", "--data", ".", "--json")
    ended = judge("bench", "score", "mlvu", *arguments, folder=tmp_path)
    assert ended.json["M-Avg"] == 1


def test_mlvus_options_may_be_lines_of_the_question(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "mlvu" / "test-00000-of-00001.parquet",
        "SELECT 'needle_32.mp4' AS video_name, 486.0 AS duration, 'needle' AS task_type,"
        " 'C' AS answer, E'What is in it?\\n(A) Nothing\\n(B) A hat (B)\\n(C) A cat\\n(D) Rain' AS"
        " question",
    )
    for data in (path, tmp_path):
        (found,) = questions("mlvu", data)
        assert found.text == "What is in it?"
        assert found.options == ("Nothing", "A hat (B)", "A cat", "Rain")
        assert (found.answer, found.video) == ("C", "needle_32.mp4")


def test_egoschemas_answers_join_its_questions(tmp_path: Path) -> None:
    options = {f"option {number}": f"it is {number}" for number in range(5)}
    rows = [
        {"q_uid": f"00{n}", "google_drive_id": "1a", "question": "What?", **options}
        for n in range(3)
    ]
    write(tmp_path / "questions.json", rows)
    write(tmp_path / "subset_answers.json", {"001": 3, "002": 0})
    write(tmp_path / "uid_to_ego4d.json", {"001": {"clip": "x"}})
    found = questions("egoschema", tmp_path)
    assert [each.answer for each in found] == [None, "D", "A"]
    # Its server takes the numbers of options.
    write(tmp_path / "mine" / "submission.json", {"001": 3, "002": 4})
    arguments = ("--predictions", "mine/submission.json", "--data", ".", "--json")
    ended = judge("bench", "score", "egoschema", *arguments, folder=tmp_path)
    assert (ended.json["overall"]["correct"], ended.json["overall"]["answered"]) == (1, 2)


def test_egoschema_for_lmms_eval_has_lettered_options(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "Subset" / "test-00000-of-00001.parquet",
        "SELECT '0' AS question_idx, 'What?' AS question, '0074f737' AS video_idx, ['A. a', 'B. b',"
        " 'C. c', 'D. d', 'E. e'] AS option, '3' AS answer",
    )
    (found,) = questions("egoschema", path)
    assert (found.video, found.options, found.answer) == (
        "0074f737",
        ("a", "b", "c", "d", "e"),
        "D",
    )


def test_mvbench_has_spans_and_a_folder_a_task(tmp_path: Path) -> None:
    row = {
        "video": "ZS9XR.mp4",
        "question": "What happened after the person took the food?",
        "candidates": ["Ate the medicine.", "Tidied up the blanket."],
        "answer": "Tidied up the blanket.",
        "start": 11.1,
        "end": 19.6,
    }
    write(tmp_path / "json" / "action_sequence.json", [row])
    count = {**row, "question": "How many?", "candidates": ["3", "2"], "answer": "2"}
    write(tmp_path / "json" / "action_count.json", [count])
    counted, ordered = questions("mvbench", tmp_path)
    assert (counted.answer, counted.span) == ("B", None)
    assert counted.media_names == ("perception/videos/ZS9XR.mp4", "ZS9XR.mp4")
    assert ordered.span == (11.1, 19.6)
    assert ordered.media_names[:2] == (
        "star/Charades_v1_480/ZS9XR.mp4",
        "star/Charades_segment/ZS9XR.mp4",
    )
    assert ordered.span_in(Path("/v/star/Charades_v1_480/ZS9XR.mp4")) == (11.1, 19.6)
    assert ordered.span_in(Path("/v/star/Charades_segment/ZS9XR.mp4")) is None


def test_longvideobench_is_read_as_json_and_as_the_hubs_parquet(tmp_path: Path) -> None:
    row = {
        "video_id": "86CxyhFV9MI",
        "question": "Which subtitles appear?",
        "question_wo_referring_query": "Which?",
        "candidates": ["one", "two", "three"],
        "correct_choice": 1,
        "question_category": "T2A",
        "id": "86CxyhFV9MI_0",
        "video_path": "86CxyhFV9MI.mp4",
        "subtitle_path": "86CxyhFV9MI_en.json",
        "duration_group": 600,
        "starting_timestamp_for_subtitles": 30,
        "duration": 190.16,
    }
    write(tmp_path / "lvb_val.json", [row])
    write(tmp_path / "lvb_test_wo_gt.json", [{**row, "id": "other", "correct_choice": None}])
    (of_json,) = questions("longvideobench", tmp_path)
    (of_parquet,) = questions(
        "longvideobench",
        write_parquet(
            tmp_path / "validation-00000-of-00001.parquet",
            "SELECT '86CxyhFV9MI' AS video_id, 'Which subtitles appear?' AS question, 'one' AS"
            " option0, 'two' AS option1, 'three' AS option2, 'N/A' AS option3, 'N/A' AS option4,"
            " 1 AS correct_choice, 'T2A' AS question_category, '86CxyhFV9MI_0' AS id,"
            " '86CxyhFV9MI.mp4' AS video_path, '86CxyhFV9MI_en.json' AS subtitle_path, 600 AS"
            " duration_group, 30.0 AS starting_timestamp_for_subtitles",
        ),
    )
    assert of_json == of_parquet
    assert (of_json.answer, of_json.subtitles_from) == ("B", 30.0)
    assert of_json.subtitles == "86CxyhFV9MI_en.json"
    assert dict(of_json.slices) == {"duration": "600", "task_type": "T2A"}
