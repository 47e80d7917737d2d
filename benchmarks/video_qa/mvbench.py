"""MVBench.

Li et al., "MVBench: A Comprehensive Multi-modal Video Understanding Benchmark" (2311.17005),
Table 2. Twenty tasks of 200 questions, a file of JSON each: video, question, candidates, and the
text of the right one as answer. The paper's average is the plain mean over tasks; the mean over
questions is given beside it.

Five tasks ask about a part of a video, from `start` to `end` in seconds. Each task's videos have a
folder of their own, as the benchmark's notebook (`mvbench.ipynb` of Ask-Anything) lists them; names
alone are not unique. The release for lmms-eval has the parts as videos, in folders of other names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from benchmarks.video_qa.questions import Question, Row

SLICES = ("task_type",)
FILES = (("json/*.json",),)

_STAR = ("star/Charades_v1_480", "star/Charades_segment")
_CLEVRER = ("clevrer/video_validation",)
_PERCEPTION = ("perception/videos",)
_FOLDERS = {
    "action_sequence": _STAR,
    "action_prediction": _STAR,
    "action_antonym": ("ssv2_video", "ssv2_video_mp4"),
    "fine_grained_action": ("Moments_in_Time_Raw/videos",),
    "unexpected_action": ("FunQA_test/test",),
    "object_existence": _CLEVRER,
    "object_interaction": _STAR,
    "object_shuffle": _PERCEPTION,
    "moving_direction": _CLEVRER,
    "action_localization": ("sta/sta_video", "sta/sta_video_segment"),
    "scene_transition": ("scene_qa/video",),
    "action_count": _PERCEPTION,
    "moving_count": _CLEVRER,
    "moving_attribute": _CLEVRER,
    "state_change": _PERCEPTION,
    "fine_grained_pose": ("nturgbd", "nturgbd_convert"),
    "character_order": _PERCEPTION,
    "egocentric_navigation": ("vlnqa",),
    "episodic_reasoning": ("tvqa/frames_fps3_hq", "tvqa/video_fps3_hq_segment"),
    "counterfactual_inference": _CLEVRER,
}
_OF_A_PART = frozenset(
    {
        "action_sequence",
        "action_prediction",
        "object_interaction",
        "action_localization",
        "episodic_reasoning",
    }
)
_CUT_FOLDERS = ("Charades_segment", "sta_video_segment", "video_fps3_hq_segment")


def read(rows: Iterable[Row]) -> Iterator[tuple[Question, str | None]]:
    """(question, what a model said to it or None); InputError names the place of what is missing.

    A question that has no id of its own is called `<task>/<its number in the task, from 0>`.
    """
    numbers: Counter[str] = Counter()
    for row in rows:
        task = row.maybe("task_type", "task") or row.stem
        options = row.options("candidates", "options")
        # The notebook writes "Fine-grained Action" where the file is fine_grained_action.json.
        file = task.lower().replace(" ", "_").replace("-", "_")
        video = row.text("video")
        question = Question(
            id=row.maybe("question_id", "id") or f"{task}/{numbers[task]}",
            video=video,
            text=row.text("question"),
            options=options,
            answer=row.answer(options, "answer"),
            slices={"task_type": task},
            files=tuple(f"{folder}/{video}" for folder in _FOLDERS.get(file, ())),
            span=row.span() if file in _OF_A_PART or file not in _FOLDERS else None,
            cut_folders=_CUT_FOLDERS,
        )
        numbers[task] += 1
        yield question, row.reply()
