"""`judge bench run` on videos: what is written, scored, kept and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.vos import score
from benchmarks.vos.png import read_map
from results.records import Metric, ScoreStatus
from results.run_folder import RunFolder
from results.store import Store
from tests.runners.video_segmentation import colour_segmenter, layouts
from tests.support.command import Ended, ended, judge, start

FRAMES = layouts.moving(2, 10)
SEQUENCES = {
    "bear": FRAMES,
    "cows": layouts.moving(1, 6, seed=7),
    "dog": layouts.moving(3, 8, seed=3),
}
CODE = Path(colour_segmenter.__file__).parent
BENCHMARKS = ("davis2017", "mose", "sav", "youtube-vos", "lvos", "video", "pvs")
# What two runs of the same thing differ in.
TIMES = {"fps", "end_to_end_fps", "frame_ms", "frame_ms_q1", "frame_ms_q3", "peak_bytes"}


def colour(kind: str = "make") -> tuple[str, ...]:
    """The model whose masks are right to the pixel, or another of its kind."""
    return ("--model", f"python:colour_segmenter:{kind}", "--code", str(CODE))


def run(benchmark: str, *arguments: str | Path, folder: Path) -> Ended:
    return judge("bench", "run", benchmark, *arguments, folder=folder)


def only_run(folder: Path) -> Path:
    (found,) = (folder / "runs").iterdir()
    return found


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def figures(folder: Path) -> tuple[dict[str, dict[str, float]], dict[str, Metric]]:
    """(values by sample, metrics by name) of the store's one run, without times."""
    store = Store(folder / "results.duckdb")
    (stored,) = store.runs()
    scores = store.scores(stored.record.run_id)
    metrics = store.metrics(stored.record.run_id)
    return (
        {s.sample: s.values for s in scores},
        {m.name: m for m in metrics if not m.slice and m.name not in TIMES},
    )


@pytest.fixture
def davis(tmp_path: Path) -> Path:
    return layouts.davis(tmp_path / "DAVIS", SEQUENCES)


def test_a_model_that_is_right_scores_one_and_all_of_it_is_kept(
    davis: Path, tmp_path: Path
) -> None:
    found = run("davis2017", *colour(), "--data", davis, "--json", folder=tmp_path)
    assert (found.status, found.err) == (0, "")
    document = found.json
    assert document["global"]["JF"] == 1
    assert document["global"]["J_decay"] == 0
    assert set(document["objects"]) == {f"bear/{k}" for k in (1, 2)} | {"cows/1"} | {
        f"dog/{k}" for k in (1, 2, 3)
    }
    assert (document["scorer"], document["scorer_version"]) == ("davis", "1")
    store = Store(tmp_path / "results.duckdb")
    (stored,) = store.runs()
    assert stored.status == "complete"
    record = stored.record
    assert (record.benchmark, record.split, record.scorer) == ("davis2017", "val", "davis")
    assert {"python", "numpy", "pillow", "av", "scorer"} <= record.versions.keys()
    metrics = {metric.name: metric for metric in store.metrics(record.run_id)}
    assert metrics["J&F"].n == 6
    assert metrics["J&F"].interval is not None
    assert metrics["J&F"].interval.clusters == 3
    assert metrics["fps"].value is not None
    assert metrics["fps"].value > 0
    assert metrics["frame_ms"].n == 24
    assert metrics["peak_bytes"].unit == "bytes"
    by_sample = {s.sample: s for s in store.scores(record.run_id)}
    assert by_sample["dog/2"].cluster == "dog"
    assert by_sample["dog/2"].values["J&F"] == 1
    assert by_sample["dog"].measures["frames"] == 8
    assert by_sample["dog"].measures["fps"] > 0
    for name, frames in SEQUENCES.items():
        place = only_run(tmp_path) / by_sample[name].prediction
        for k, labels in enumerate(frames):
            written = read_map((place / f"{k:05d}.png").read_bytes())
            np.testing.assert_array_equal(written, labels)


def test_the_figures_are_those_of_the_scorer_on_the_same_masks(davis: Path, tmp_path: Path) -> None:
    document = run(
        "davis2017", *colour("make_shifted"), "--data", davis, "--json", folder=tmp_path
    ).json
    scored = score(davis, document["predictions"])
    assert document["global"] == scored.overall.as_json()
    assert 0.2 < scored.overall.J < 0.99
    for each in scored.objects:
        assert document["objects"][each.key]["J"] == each.summary.J
        assert document["objects"][each.key]["J&F"] == each.summary.JF


def test_a_masks_place_is_the_submission_format_of_each_set(tmp_path: Path) -> None:
    layouts.mose(tmp_path / "MOSE", SEQUENCES)
    found = run("mose", *colour(), "--data", "MOSE", "--out", "masks", "--json", folder=tmp_path)
    assert found.status == 0
    document = found.json
    assert document["status"] == "complete"
    assert document["global"] is None
    assert document["metrics"]
    assert "no ground truth here" in document["notes"][0]
    with zipfile.ZipFile(document["submission"]) as archive:
        assert sorted(archive.namelist()) == sorted(files_below(tmp_path / "masks"))
        inside = read_map(archive.read("dog/00007.png"))
    np.testing.assert_array_equal(inside, SEQUENCES["dog"][7])


def test_sav_is_written_an_object_a_folder_at_every_frame(tmp_path: Path) -> None:
    layouts.sav(tmp_path / "SAV", {"sav_1": layouts.late_object(FRAMES, at=4)})
    empty = dict.fromkeys((0, 4, 8), FRAMES[0] * 0)
    layouts.write_masks(tmp_path / "SAV/sav_val/Annotations_6fps/sav_1/001a", empty)
    document = run("sav", *colour(), "--data", "SAV", "--json", folder=tmp_path).json
    assert document["objects"].keys() == {"sav_1/000", "sav_1/001", "sav_1/002"}
    assert document["global"]["JF"] == 1
    written = files_below(Path(document["predictions"]))
    assert len(written) == 4 * 10
    assert "object 001a: its ground truth is empty" in document["notes"][0]
    assert set(written) >= {f"sav_1/002/{k:05d}.png" for k in range(10)}


def test_youtube_vos_writes_sampled_frames_when_the_model_sees_all(tmp_path: Path) -> None:
    frames = layouts.late_object(layouts.moving(2, 11), at=5)
    layouts.youtube_vos(tmp_path / "YT", {"v": frames})
    found = run("youtube-vos", *colour(), "--data", "YT", "--all-frames", "--json", folder=tmp_path)
    document = found.json
    assert document["sequences"]["v"]["frames"] == 11
    with zipfile.ZipFile(document["submission"]) as archive:
        names = archive.namelist()
        late = read_map(archive.read("Annotations/v/00005.png"))
    assert names == [f"Annotations/v/{k:05d}.png" for k in (0, 5, 10)]
    assert late.max() == 3


def test_lvos_is_scored_by_its_own_rules(tmp_path: Path) -> None:
    layouts.lvos(tmp_path / "LVOS", {"a": layouts.late_object(layouts.moving(2, 22), at=5)})
    found = run("lvos", *colour("make_shifted"), "--data", "LVOS", "--json", folder=tmp_path)
    document = found.json
    scored = score(
        tmp_path / "LVOS" / "valid",
        document["predictions"],
        "lvos",
        meta=tmp_path / "LVOS" / "valid" / "valid_meta.json",
    )
    assert document["global"] == scored.overall.as_json()
    assert document["scorer"] == "lvos"


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 240
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing stopped."""
    folder = tmp_path_factory.mktemp("undisturbed")
    davis = layouts.davis(folder / "DAVIS", SEQUENCES)
    assert run("davis2017", *colour("make_shifted"), "--data", davis, folder=folder).status == 0
    return folder


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("amid the first sequence", ".bear*/00002.png"),
        ("between two", "cows"),
        ("amid the last", ".dog*/00003.png"),
    ],
)
def test_a_run_that_was_killed_is_resumed_to_what_it_would_have_been(
    moment: str, there: str, davis: Path, undisturbed: Path, tmp_path: Path
) -> None:
    slow = colour("make_shifted_slow")
    process = start("bench", "run", "davis2017", *slow, "--data", davis, folder=tmp_path)
    wait_until(lambda: any(tmp_path.glob(f"runs/*/files/predictions/{there}")), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    killed = only_run(tmp_path)
    predictions = killed / "files" / "predictions"
    for place in predictions.glob("[!.]*"):
        # No half sequence ever has its name.
        assert len(list(place.iterdir())) == len(SEQUENCES[place.name])
    assert RunFolder.open(killed).status == "unfinished"
    resumed = run("davis2017", "--resume", killed.name[:-4], folder=tmp_path)
    assert resumed.status == 0, resumed.err
    expected = only_run(undisturbed) / "files" / "predictions"
    assert files_below(predictions) == files_below(expected)
    assert figures(tmp_path) == figures(undisturbed)


def test_a_stopped_run_says_how_to_go_on(davis: Path, tmp_path: Path) -> None:
    process = start(
        "bench", "run", "davis2017", *colour("make_slow"), "--data", davis, folder=tmp_path
    )
    wait_until(lambda: any(tmp_path.glob("runs/*/files/predictions/bear")), process)
    process.send_signal(signal.SIGINT)
    stopped = ended(process)
    assert stopped.status == 130
    command = stopped.err.partition("To go on: judge ")[2].split()
    assert RunFolder.open(only_run(tmp_path)).status == "interrupted"
    assert not list(tmp_path.glob("runs/*/files/predictions/.*"))
    assert judge(*command, folder=tmp_path).status == 0
    assert RunFolder.open(only_run(tmp_path)).status == "complete"


def test_a_broken_sequence_is_an_error_and_the_others_go_on(davis: Path, tmp_path: Path) -> None:
    broken = davis / "JPEGImages" / "480p" / "cows" / "00003.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:100])
    annotations = davis / "Annotations" / "480p" / "dog"
    annotations.rename(tmp_path / "taken")
    found = run("davis2017", *colour(), "--data", davis, "--json", folder=tmp_path)
    assert found.status == 3
    document = found.json
    assert document["status"] == "incomplete"
    assert document["errors"].keys() == {"cows", "dog"}
    assert "Frame 00003" in document["errors"]["cows"]
    assert "no annotations" in document["errors"]["dog"]
    assert document["objects"].keys() == {"bear/1", "bear/2"}
    whole_metric = next(m for m in document["metrics"] if m["name"] == "J&F")
    assert whole_metric["value"] == 1
    assert whole_metric["worst"] == pytest.approx(2 / 4)
    command = found.err.partition("To try them again: judge ")[2].split()
    # Mended, the rest is done and nothing is done again.
    broken.write_bytes(whole)
    (tmp_path / "taken").rename(annotations)
    again = judge(*command, "--json", folder=tmp_path)
    assert again.status == 0, again.err
    assert again.json["errors"] == {}
    assert len(again.json["objects"]) == 6
    lines = (only_run(tmp_path) / "journal.jsonl").read_text().splitlines()
    samples = [json.loads(line)["score"]["sample"] for line in lines if '"score"' in line[:20]]
    assert samples.count("bear/1") == 1
    (stored,) = Store(tmp_path / "results.duckdb").runs()
    assert stored.status == "complete"
    scores = Store(tmp_path / "results.duckdb").scores(stored.record.run_id)
    assert all(s.status is ScoreStatus.SCORED for s in scores)


def test_a_model_that_takes_no_masks_is_refused(davis: Path, tmp_path: Path) -> None:
    found = run("davis2017", *colour("make_clickable"), "--data", davis, folder=tmp_path)
    assert found.status == 2
    assert "takes no mask" in found.err


def test_a_model_that_fails_is_an_error_with_its_cause(davis: Path, tmp_path: Path) -> None:
    found = run(
        "davis2017", *colour("make_failing"), "--data", davis, "--limit", "1", folder=tmp_path
    )
    assert found.status == 3
    assert "the device is out of memory" in found.err


@pytest.mark.parametrize("benchmark", ["davis2017", "mose", "sav", "youtube-vos", "lvos", "pvs"])
def test_a_wrong_folder_is_refused_before_any_model_is_opened(
    benchmark: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    found = run(benchmark, "--model", "python:no_such_module:f", "--data", "empty", folder=tmp_path)
    assert found.status == 2
    assert "is not laid out as" in found.err
    assert len(found.err.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_calls_that_cannot_be_meant_are_refused(davis: Path, tmp_path: Path) -> None:
    cases: tuple[tuple[tuple[str, ...], str], ...] = (
        (("--data", "DAVIS"), "Give --model"),
        ((*colour(), "--data", "DAVIS", "--split", "nothing"), "no list of sequences"),
        ((*colour(), "--data", "DAVIS", "--out", "DAVIS"), "--out takes a new folder"),
    )
    for arguments, said in cases:
        found = run("davis2017", *arguments, folder=tmp_path)
        assert (found.status, said in found.err) == (2, True), (arguments, found.err)


def test_a_resumed_run_asks_what_it_asked(davis: Path, tmp_path: Path) -> None:
    assert run("davis2017", *colour(), "--data", davis, folder=tmp_path).status == 0
    run_id = only_run(tmp_path).name
    refused = run("davis2017", "--resume", run_id, "--limit", "1", folder=tmp_path)
    assert refused.status == 2
    assert "--limit has no place beside it" in refused.err
    other = run("mose", "--resume", run_id, folder=tmp_path)
    assert other.status == 2
    assert "judge bench run davis2017" in other.err
    # Of a set that has other sequences by now, the figures would mix two sets.
    (davis / "ImageSets" / "2017" / "val.txt").write_text("bear\n")
    changed = run("davis2017", "--resume", run_id, folder=tmp_path)
    assert changed.status == 2
    assert "hashes.sequences" in changed.err


@pytest.mark.parametrize("form", ["png", "mp4"])
def test_overlays_are_drawn_for_every_frame(form: str, davis: Path, tmp_path: Path) -> None:
    given = ("--data", "DAVIS", "--limit", "1", "--visualize", form)
    assert run("davis2017", *colour(), *given, folder=tmp_path).status == 0
    overlays = only_run(tmp_path) / "files" / "overlays"
    if form == "png":
        assert len(list((overlays / "bear").iterdir())) == 10
        with Image.open(overlays / "bear" / "00000.png") as drawn:
            assert drawn.size == (80, 48)
    else:
        import av

        with av.open(str(overlays / "bear.mp4")) as film:
            assert sum(1 for _ in film.decode(video=0)) == 10


def write_clip(folder: Path) -> None:
    layouts.write_pictures(folder / "frames", FRAMES)
    layouts.write_masks(folder / "masks", dict(enumerate(FRAMES)))


def test_a_folder_of_frames_and_masks_is_scored(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip")
    arguments = (*colour("make_shifted"), "--data", "clip", "--json")
    document = run("video", *arguments, folder=tmp_path).json
    (tmp_path / "gt").mkdir()
    (tmp_path / "clip" / "masks").rename(tmp_path / "gt" / "clip")
    scored = score(tmp_path / "gt", document["predictions"])
    assert document["global"] == scored.overall.as_json()
    assert document["objects"].keys() == {"clip/1", "clip/2"}


def test_black_and_white_masks_are_one_object(tmp_path: Path) -> None:
    layouts.write_pictures(tmp_path / "clip" / "frames", FRAMES)
    # In the first frame there is nothing yet.
    white = {k: np.where(f == 2, 255, 0) * (k > 0) for k, f in enumerate(FRAMES)}
    layouts.write_masks(tmp_path / "clip" / "masks", white)
    document = run("video", *colour(), "--data", "clip", "--json", folder=tmp_path).json
    assert document["objects"].keys() == {"clip/1"}
    assert document["global"]["JF"] == 1
    assert document["scorer"] == "sav"


@pytest.mark.parametrize("pointed", [("--points", "18,2"), ("--box", "15,0,22,4")])
def test_who_points_at_an_object_is_scored_on_that_one(
    pointed: tuple[str, str], tmp_path: Path
) -> None:
    write_clip(tmp_path / "clip")
    found = run("video", *colour(), "--data", "clip", *pointed, "--json", folder=tmp_path)
    document = found.json
    assert document["objects"].keys() == {"clip/2"}
    assert document["global"]["JF"] == 1
    y, x = np.argwhere(FRAMES[0] == 0)[0]
    beside = run("video", *colour(), "--data", "clip", "--points", f"{x},{y}", folder=tmp_path)
    assert beside.status == 2
    assert "is no object of" in beside.err


def test_without_ground_truth_speed_alone_is_measured(tmp_path: Path) -> None:
    layouts.write_pictures(tmp_path / "frames", FRAMES)
    layouts.write_masks(tmp_path / "first", {0: FRAMES[0]})
    first = tmp_path / "first" / "00000.png"
    given = ("--data", "frames", "--first-mask", str(first), "--max-frames", "4")
    found = run("video", *colour(), *given, "--json", folder=tmp_path)
    assert found.status == 0
    document = found.json
    assert document["status"] == "complete"
    assert document["objects"] == {}
    assert document["global"] is None
    assert {m["name"] for m in document["metrics"]} == TIMES
    assert document["sequences"]["frames"]["frames"] == 4
    (sample,) = (only_run(tmp_path) / "files" / "predictions").iterdir()
    assert len(list(sample.iterdir())) == 4


@pytest.mark.parametrize("mode", ["offline", "online"])
def test_prompted_segmentation_gets_better_with_every_prompted_frame(
    mode: str, davis: Path, tmp_path: Path
) -> None:
    arguments = ("--data", davis, "--mode", mode, "--frames", "3", "--limit", "1", "--json")
    found = run("pvs", *colour("make_forgetful"), *arguments, folder=tmp_path)
    assert found.status == 0, found.err
    document = found.json
    # Ten frames, and the object is lost beyond two frames from a prompt. Offline the worst frame
    # (IoU 0) is the first that is lost, frame 3, then frame 6; online it is the same.
    values = document["objects"]["bear/1"]
    prompts = json.loads(
        next(
            s.prediction
            for s in Store(tmp_path / "results.duckdb").scores(document["run_id"])
            if s.sample == "bear/1"
        )
    )
    assert [each["frame"] for each in prompts] == ["00000", "00003", "00006"]
    # Frames 1 to 8 are scored: 2, then 5, then all 8 of them are found.
    assert values["J&F@1"] == pytest.approx(2 / 8)
    assert values["J&F@2"] == pytest.approx(5 / 8)
    assert values["J&F@3"] == 1
    assert values["J&F"] == pytest.approx((2 / 8 + 5 / 8 + 1) / 3)
    whole = {m["name"]: m["value"] for m in document["metrics"]}
    assert whole["J&F@2"] == pytest.approx(5 / 8)
    assert document["split"] == "davis2017 val"


def test_prompted_segmentation_goes_on_where_it_was(davis: Path, tmp_path: Path) -> None:
    broken = davis / "Annotations" / "480p" / "cows" / "00003.png"
    whole = broken.read_bytes()
    broken.write_bytes(b"")
    found = run("pvs", *colour(), "--data", davis, "--frames", "2", "--json", folder=tmp_path)
    assert found.status == 3
    assert found.json["errors"].keys() == {"cows"}
    broken.write_bytes(whole)
    again = run("pvs", "--resume", found.json["run_id"], "--json", folder=tmp_path)
    assert again.status == 0
    assert len([key for key in again.json["objects"] if "/" in key]) == 6


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_every_benchmark_explains_itself_with_an_example(benchmark: str, tmp_path: Path) -> None:
    helped = judge("bench", "run", benchmark, "--help", folder=tmp_path)
    assert helped.status == 0
    assert f"judge bench run {benchmark} " in helped.out.partition("Example:")[2]
    for option in ("--model", "--data", "--resume", "--store", "--json", "--prefetch"):
        assert option in helped.out


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from tests.support.tiny_segmenters import make_tiny_edgetam, make_tiny_sam2

    folder = tmp_path_factory.mktemp("tiny")
    return {
        "sam2": make_tiny_sam2(folder / "sam2"),
        "edgetam": make_tiny_edgetam(folder / "edgetam"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("family", ["sam2", "edgetam"])
def test_a_tiny_model_is_killed_on_davis_and_resumed(
    family: str, tiny: dict[str, Path], tmp_path: Path
) -> None:
    sequences = {"a": layouts.moving(1, 5), "b": layouts.moving(2, 5, seed=3)}
    davis = layouts.davis(tmp_path / "DAVIS", sequences)
    model = f"hf:{tiny[family]}"
    process = start("bench", "run", "davis2017", "--model", model, "--data", davis, folder=tmp_path)
    wait_until(lambda: any(tmp_path.glob("runs/*/files/predictions/a")), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    resumed = run("davis2017", "--resume", only_run(tmp_path).name, "--json", folder=tmp_path)
    assert resumed.status == 0, resumed.err
    document: dict[str, Any] = resumed.json
    scored = score(davis, document["predictions"])
    assert document["global"] == scored.overall.as_json()
    (stored,) = Store(tmp_path / "results.duckdb").runs()
    assert stored.status == "complete"
    assert {"torch", "transformers"} <= stored.record.versions.keys()
    assert stored.record.hashes["model"]
    fps = {m.name: m.value for m in Store(tmp_path / "results.duckdb").metrics(document["run_id"])}
    assert fps["fps"] is not None
    assert fps["fps"] > 0


@pytest.mark.slow
@pytest.mark.parametrize(("family", "clip"), [("sam2", "02_hummingbird"), ("edgetam", "21_biker")])
def test_a_tiny_model_goes_through_the_real_clips_killed_and_resumed(
    family: str, clip: str, tiny: dict[str, Path], tmp_path: Path
) -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("the real clips are needed; set JUDGE_TEST_DATA")
    video = Path(data) / "video" / f"{clip}.mp4"
    call = ("--model", f"hf:{tiny[family]}", "--data", video, "--points", "640,360")
    process = start("bench", "run", "video", *call, "--max-frames", "10", folder=tmp_path)
    wait_until(lambda: any(tmp_path.glob("runs/*/files/predictions/.*/00002.png")), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    resumed = run("video", "--resume", only_run(tmp_path).name, "--json", folder=tmp_path)
    assert resumed.status == 0, resumed.err
    document = resumed.json
    assert document["sequences"][clip]["frames"] == 10
    masks = sorted((Path(document["predictions"]) / clip).iterdir())
    assert [path.name for path in masks] == [f"{k:05d}.png" for k in range(10)]
    assert read_map(masks[0].read_bytes()).shape == (720, 1280)
    (sample,) = Store(tmp_path / "results.duckdb").scores(document["run_id"])
    assert sample.reason == "no ground truth here"
    assert sample.measures["fps"] > 0


@pytest.mark.slow
def test_a_tiny_model_is_clicked_frame_after_frame(tiny: dict[str, Path], tmp_path: Path) -> None:
    layouts.davis(tmp_path / "DAVIS", {"a": layouts.moving(1, 5)})
    arguments = ("--model", f"hf:{tiny['sam2']}", "--data", "DAVIS", "--frames", "2", "--json")
    found = run("pvs", *arguments, folder=tmp_path)
    assert found.status == 0, found.err
    values = found.json["objects"]["a/1"]
    assert values["J&F"] == pytest.approx((values["J&F@1"] + values["J&F@2"]) / 2)
