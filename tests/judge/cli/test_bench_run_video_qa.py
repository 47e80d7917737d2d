"""`judge bench run video-mme` and its like: what is asked, scored, kept and resumed."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from results.records import Metric, Score, ScoreStatus
from results.store import Store
from tests.runners.video_qa import colour_model
from tests.runners.video_qa.question_sets import make_grey_clip, other_set, video_mme
from tests.support.command import Ended, judge, start

MODEL = (
    *("--model", "python:colour_model:make"),
    *("--code", str(Path(colour_model.__file__).parent)),
)
LEVELS = [0, 1, 2, 3, 1, 2]


def run(name: str, *arguments: str | Path, folder: Path, **more: str) -> Ended:
    return judge("bench", "run", name, *arguments, folder=folder, more=more)


def asked(folder: Path, levels: list[int] = LEVELS, **settings: Any) -> tuple[str | Path, ...]:
    data = video_mme(folder, levels, **settings)
    return (*MODEL, "--data", data, "--videos", folder / "videos")


def stored(folder: Path) -> tuple[dict[str, Score], dict[tuple[str, str], Metric]]:
    store = Store(folder / "results.duckdb")
    (only,) = store.runs()
    run_id = only.record.run_id
    return (
        {score.sample: score for score in store.scores(run_id)},
        {(metric.name, metric.slice): metric for metric in store.metrics(run_id)},
    )


def test_a_model_that_looks_is_right_and_its_blind_baseline_is_not(tmp_path: Path) -> None:
    ended = run("video-mme", *asked(tmp_path), "--frames", "4", "--json", folder=tmp_path)
    assert ended.status == 0, ended.err
    scores, metrics = stored(tmp_path)
    assert len(scores) == 3 * 3 * len(LEVELS)
    assert metrics["accuracy", ""].value == 1.0
    assert metrics["accuracy_single_frame", ""].value == 1.0
    # Blind, it always says A, which is right for one video in six.
    assert metrics["accuracy_blind", ""].value == pytest.approx(1 / 6)
    gain = metrics["gain_over_blind", ""]
    assert gain.value == pytest.approx(5 / 6)
    assert gain.interval is not None and gain.interval.clusters == 6
    assert metrics["gain_over_single_frame", ""].value == 0.0
    for name, value in (
        ("duration", "short"),
        ("domain", "Sports"),
        ("sub_category", "Biology"),
        ("task_type", "Counting Problem"),
    ):
        for accuracy in ("accuracy", "accuracy_blind", "accuracy_single_frame"):
            assert (accuracy, f"{name}={value}") in metrics
    assert metrics["unparsed_rate", ""].value == 0.0
    assert metrics["frames", ""].value == 4
    assert metrics["visual_tokens", ""].value == 40
    for name in (
        "prompt_tokens",
        "latency_to_first_token_p50",
        "latency_p95",
        "output_tokens_per_second",
        "peak_memory",
        "parameters",
        "model_bytes",
    ):
        assert metrics[name, ""].value


def test_its_predictions_score_the_same_by_every_rule(tmp_path: Path) -> None:
    ended = run("video-mme", *asked(tmp_path), "--parser", "official", "--json", folder=tmp_path)
    assert ended.status == 0, ended.err
    metrics = {(m["name"], m["slice"]): m for m in ended.json["metrics"]}
    for condition, name in (
        ("full", "accuracy"),
        ("blind", "accuracy_blind"),
        ("single-frame", "accuracy_single_frame"),
    ):
        file = Path(ended.json["predictions"], f"{condition}.json")
        again = judge(
            *("bench", "score", "video-mme", "--predictions", file, "--parser", "official"),
            "--json",
            folder=tmp_path,
        )
        assert again.status == 0, again.err
        assert again.json["overall"]["accuracy"] == metrics[name, ""]["value"]
        interval = metrics[name, ""]["interval"]
        assert again.json["overall"]["ci"] == interval
        for slice_, values in again.json["by"].items():
            for value, found in values.items():
                assert found["accuracy"] == metrics[name, f"{slice_}={value}"]["value"]


@pytest.mark.parametrize("name", ["mlvu", "egoschema", "mvbench", "longvideobench"])
def test_the_other_sets_run_and_score_too(name: str, tmp_path: Path) -> None:
    data = other_set(tmp_path, name)
    call = (*MODEL, "--data", data, "--videos", tmp_path / "videos", "--fps", "2", "--json")
    ended = run(name, *call, folder=tmp_path)
    assert ended.status == 0, ended.err
    _, metrics = stored(tmp_path)
    assert metrics["accuracy", ""].value == 1.0
    assert metrics["accuracy_blind", ""].value == 0.0
    assert metrics["frames", ""].value == 6
    again = judge(
        *("bench", "score", name, "--predictions", Path(ended.json["predictions"], "full.json")),
        "--json",
        folder=tmp_path,
    )
    assert again.json["overall"]["correct"] == 2, again.err
    if name in ("mlvu", "mvbench"):
        mean = "M-Avg" if name == "mlvu" else "mean_of_tasks"
        assert metrics[mean, ""].value == 1.0


def test_subtitles_of_the_shown_frames_are_in_the_prompt(tmp_path: Path) -> None:
    log = tmp_path / "log"
    call = (*asked(tmp_path, [2], subtitles=True), "--subtitles", tmp_path / "subtitles")
    ended = run("video-mme", *call, "--frames", "1", folder=tmp_path, COLOUR_MODEL_LOG=str(log))
    assert ended.status == 0, ended.err
    lines = log.read_text().splitlines()
    # One frame, the seventh, is shown at 1.5 s: between the two lines.
    assert all("No subtitles" in line for line in lines if line.startswith("1 "))
    assert all("subtitles" not in line for line in lines if line.startswith("0 "))
    (only,) = Store(tmp_path / "results.duckdb").runs()
    assert only.record.split == "with subtitles"
    both = run("video-mme", *call, "--frames", "12", folder=tmp_path, COLOUR_MODEL_LOG=str(log))
    assert both.status == 0, both.err
    shown = [line for line in log.read_text().splitlines() if line.startswith("12 ")]
    assert len(shown) == 3
    assert all("below:\\nfirst words\\nlast words\\nSelect the best" in line for line in shown)


def test_videos_that_cannot_be_read_are_errors_with_their_cause_and_stop_nothing(
    tmp_path: Path,
) -> None:
    call = asked(tmp_path)
    videos = tmp_path / "videos"
    (videos / "yt000.mp4").write_bytes(b"")
    (videos / "yt001.mp4").write_text("no video")
    (videos / "yt002.mp4").unlink()
    whole = (videos / "yt003.mp4").read_bytes()
    (videos / "yt003.mp4").write_bytes(whole.replace(b"avc1", b"zzzz"))
    outside = make_grey_clip(tmp_path / "elsewhere.mp4", 1)
    (videos / "yt004.mp4").unlink()
    (videos / "yt004.mp4").symlink_to(outside)
    ended = run("video-mme", *call, "--json", folder=tmp_path)
    assert ended.status == 3
    scores, metrics = stored(tmp_path)
    for video, cause in (
        ("000", "yt000.mp4 is empty"),
        ("001", "yt001.mp4 is no video: Invalid data"),
        ("002", "There is no video yt002"),
        ("003", "codec of yt003.mp4 is not known"),
        ("004", "leads out of videos"),
    ):
        for sample in (f"{video}-1", f"{video}-2@single-frame"):
            assert scores[sample].status is ScoreStatus.ERROR
            assert cause in scores[sample].reason
        assert scores[f"{video}-3@blind"].status is ScoreStatus.SCORED
    accuracy = metrics["accuracy", ""]
    assert (accuracy.value, accuracy.n) == (1.0, 3)
    assert accuracy.worst == pytest.approx(1 / 6)
    assert accuracy.best == 1.0
    assert "--resume" in ended.err
    # Mended, it goes on with what failed.
    for number in range(5):
        (videos / f"yt00{number}.mp4").unlink(missing_ok=True)
        make_grey_clip(videos / f"yt00{number}.mp4", LEVELS[number])
    (only,) = (tmp_path / "runs").iterdir()
    again = run("video-mme", "--resume", only.name, folder=tmp_path)
    assert again.status == 0, again.err
    assert stored(tmp_path)[1]["accuracy", ""].value == 1.0


def test_what_cannot_be_read_or_answered_is_told_apart(tmp_path: Path) -> None:
    call = asked(tmp_path)
    data = tmp_path / "questions.json"
    videos = json.loads(data.read_text())
    videos[0]["questions"][0]["question"] = "mumble"
    videos[1]["questions"][0]["question"] = "crash"
    data.write_text(json.dumps(videos))
    ended = run("video-mme", *call, "--baselines", "none", "--json", folder=tmp_path)
    assert ended.status == 3
    assert ended.json["unparsed"] == {"full": ["000-1"]}
    assert ended.json["errors"] == {"001-1": "The model stumbled over this question."}
    scores, metrics = stored(tmp_path)
    assert scores["000-1"].status is ScoreStatus.UNPARSED
    assert metrics["unparsed_rate", ""].value == pytest.approx(1 / 17)
    assert metrics["accuracy", ""].value == pytest.approx(16 / 17)
    assert metrics["accuracy_answered", ""].value == 1.0
    assert len(scores) == 18


def test_a_run_that_was_killed_asks_nothing_twice(tmp_path: Path) -> None:
    log = tmp_path / "log"
    environment = {"COLOUR_MODEL_LOG": str(log)}
    call = asked(tmp_path)
    process = start("bench", "run", "video-mme", *call, folder=tmp_path, more=environment)
    latest = time.monotonic() + 60
    while not log.exists() or len(log.read_text().splitlines()) < 12:
        assert process.poll() is None and time.monotonic() < latest
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (only,) = (tmp_path / "runs").iterdir()
    kept = (only / "journal.jsonl").read_text().count('"kind":"score"')
    assert 0 < kept < 54
    log.unlink()
    resumed = run("video-mme", "--resume", only.name, folder=tmp_path, COLOUR_MODEL_LOG=str(log))
    assert resumed.status == 0, resumed.err
    assert len(log.read_text().splitlines()) == 54 - kept
    killed = {(name, part): m for (name, part), m in stored(tmp_path)[1].items()}
    plain = tmp_path / "plain"
    plain.mkdir()
    assert run("video-mme", *asked(plain), folder=plain).status == 0
    undisturbed = stored(plain)[1]
    assert killed.keys() == undisturbed.keys()
    for key, metric in killed.items():
        assert metric.value == undisturbed[key].value, key


def test_several_processes_say_what_one_says(tmp_path: Path) -> None:
    one, many = tmp_path / "one", tmp_path / "many"
    for folder in (one, many):
        folder.mkdir()
    assert run("video-mme", *asked(one), folder=one).status == 0
    ended = run("video-mme", *asked(many), "--processes", "2", folder=many)
    assert ended.status == 0, ended.err
    alone, together = stored(one)[0], stored(many)[0]
    assert {k: v.prediction for k, v in alone.items()} == {
        k: v.prediction for k, v in together.items()
    }


def test_ctrl_c_waits_for_no_process_that_is_asked(tmp_path: Path) -> None:
    call = (*asked(tmp_path), "--processes", "2", "--batch-size", "1")
    data = Path(call[call.index("--data") + 1])
    data.write_text(data.read_text().replace("asked for time 3", "ponder it"))
    process = start("bench", "run", "video-mme", *call, folder=tmp_path)
    latest = time.monotonic() + 60
    scored = 0
    # Of each of two videos, two questions in three conditions come before the one to ponder.
    while scored < 12:
        assert process.poll() is None and time.monotonic() < latest
        time.sleep(0.02)
        journals = tmp_path.glob("runs/*/journal.jsonl")
        scored = sum(each.read_text().count('"kind":"score"') for each in journals)
    time.sleep(0.2)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert time.monotonic() - began < 20
    assert "--resume" in said and "Traceback" not in said
    assert len(stored(tmp_path)[0]) == 12
    assert {score.status for score in stored(tmp_path)[0].values()} == {ScoreStatus.SCORED}


def test_cached_frames_change_nothing(tmp_path: Path) -> None:
    call = (*asked(tmp_path), "--cache", tmp_path / "cache", "--quiet")
    first = run("video-mme", *call, folder=tmp_path)
    assert first.status == 0, first.err
    assert len(list((tmp_path / "cache").iterdir())) == 2 * len(LEVELS)
    second = run("video-mme", *call, folder=tmp_path)
    assert second.status == 0, second.err
    store = Store(tmp_path / "results.duckdb")
    before, after = (store.scores(run_id.strip()) for run_id in (first.out, second.out))
    assert [each.prediction for each in before] == [each.prediction for each in after]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (("--model", "hf:nowhere"), "cannot be loaded"),
        (("--model", "smolvlm"), "answers no questions about videos"),
        (("--videos", "nowhere"), "There is no folder"),
        (("--frames", "4", "--fps", "1"), "leave one of them out"),
        (("--baselines", "deaf"), "There is no baseline 'deaf'"),
        (("--data", "nowhere.json"), "There is no file"),
        (("--device", "tpu"), "No device"),
    ],
)
def test_what_cannot_be_run_is_told_in_a_sentence(
    changes: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    call = [*map(str, asked(tmp_path, [1])), *changes]
    if "hf:" in " ".join(changes) or changes[0] == "--device":
        del call[2:4]
        call += ["--model", "hf:there"] if changes[0] == "--device" else []
    # Without a look for the hub, which is tried again for half a minute where there is none.
    ended = run("video-mme", *call, folder=tmp_path, HF_HUB_OFFLINE="1")
    assert ended.status == 2
    assert says in ended.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_tiny_smolvlm_is_killed_on_a_set_like_video_mme_and_resumed(tmp_path: Path) -> None:
    from tests.support.tiny_video_models import make_tiny_smolvlm

    model = make_tiny_smolvlm(tmp_path / "smolvlm")
    data = video_mme(tmp_path, LEVELS)
    videos = tmp_path / "videos"
    given = os.environ.get("JUDGE_TEST_DATA")
    if given:
        for number, clip in enumerate(sorted(Path(given, "video").glob("*.mp4"))):
            (videos / f"yt00{number}.mp4").write_bytes(clip.read_bytes())
    call = ("--model", f"hf:{model}", "--data", data, "--videos", videos, "--max-tokens", "8")
    process = start("bench", "run", "video-mme", *call, "--batch-size", "3", folder=tmp_path)
    latest = time.monotonic() + 120
    while not any(
        '"kind":"score"' in journal.read_text() for journal in tmp_path.glob("runs/*/journal.jsonl")
    ):
        assert process.poll() is None and time.monotonic() < latest
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (only,) = (tmp_path / "runs").iterdir()
    resumed = run("video-mme", "--resume", only.name, "--json", folder=tmp_path)
    assert resumed.status == 0, resumed.err
    scores, metrics = stored(tmp_path)
    assert len(scores) == 54
    assert metrics["visual_tokens", ""].value == 4 * 8
    for name in ("accuracy", "accuracy_blind", "accuracy_single_frame"):
        for part in ("", "duration=short", "domain=Sports", "sub_category=Biology"):
            assert metrics[name, part].value is not None
    for name in ("unparsed_rate", "latency_to_first_token_p50", "output_tokens_per_second"):
        assert metrics[name, ""].value is not None
    assert metrics["peak_memory", ""].value
