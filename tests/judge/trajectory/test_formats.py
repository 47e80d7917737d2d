"""Every importer meets the same contract: one story, told in each format, gives one answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.trajectory import claims, last_run_of, load_trajectory, runs, writes
from judge.trajectory.documents import read_document
from judge.trajectory.registry import formats
from results.errors import InputError
from tests.judge.trajectory.samples import (
    ASKED,
    CLOSING,
    FAILURE,
    HELPER,
    MODEL,
    PROGRAM,
    SAMPLES,
    SUCCESS,
    Sample,
)

each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def place_in(path: Path, source: str) -> Any:
    """What stands at a step's `source` in the raw file."""
    if source.startswith("line "):
        return json.loads(path.read_text().split("\n")[int(source[5:]) - 1])
    found = json.loads(path.read_text())
    for part in source.split("/")[1:]:
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found


@each_sample
def test_the_format_is_told_by_the_content_alone(sample: Sample, tmp_path: Path) -> None:
    path = sample.write(tmp_path).rename(tmp_path / "story.txt")
    assert load_trajectory(path).format == sample.format


@each_sample
def test_no_other_format_recognises_it(sample: Sample, tmp_path: Path) -> None:
    document = read_document(sample.write(tmp_path))
    assert [f.NAME for f in formats() if f.recognises(document)] == [sample.format]


@each_sample
def test_the_steps_hold_what_was_asked_thought_done_and_seen(
    sample: Sample, tmp_path: Path
) -> None:
    trajectory = load_trajectory(sample.write(tmp_path))
    assert [s.user_message for s in trajectory.steps if s.user_message] == [ASKED]
    everything = "\n".join(s.thought for s in trajectory.steps)
    assert "The helper is missing, so I add it." in everything
    assert CLOSING in everything
    assert any(PROGRAM.strip() in s.action for s in trajectory.steps)
    assert any(FAILURE in s.observation for s in trajectory.steps)
    assert trajectory.agent


@each_sample
def test_steps_are_numbered_once_and_in_order(sample: Sample, tmp_path: Path) -> None:
    trajectory = load_trajectory(sample.write(tmp_path))
    numbers = [s.number for s in trajectory.steps]
    assert numbers == sorted(set(numbers))
    assert all(trajectory.step(s.number) is s for s in trajectory.steps)
    assert trajectory.step(9_999) is None


@each_sample
def test_a_step_names_its_place_in_the_raw_file(sample: Sample, tmp_path: Path) -> None:
    path = sample.write(tmp_path)
    for step in load_trajectory(path).steps:
        raw = json.dumps(place_in(path, step.source))
        spoken = step.thought or step.user_message
        assert json.dumps(spoken)[1:-1] in raw


@each_sample
def test_usage_is_summed_and_an_unknown_price_stays_unknown(sample: Sample, tmp_path: Path) -> None:
    usage = load_trajectory(sample.write(tmp_path)).usage
    assert (usage.input_tokens, usage.output_tokens) == (500, 50)
    assert usage.cost == (None if sample.name == "mini-swe-agent list" else 2.5)


@each_sample
def test_the_agent_is_known_to_have_ended_it(sample: Sample, tmp_path: Path) -> None:
    told = load_trajectory(sample.write(tmp_path)).ended_by_agent
    assert told is (None if sample.format == "openhands" else True)


@each_sample
def test_the_questions_have_the_same_answers(sample: Sample, tmp_path: Path) -> None:
    trajectory = load_trajectory(sample.write(tmp_path))
    (program,) = writes(trajectory, "src/train.py")
    (helper,) = writes(trajectory, "src/helper.py")
    assert program.content is not None and program.content.strip() == PROGRAM.strip()
    assert helper.content is not None and helper.content.strip() == HELPER.strip()
    assert program.how in ("heredoc", "editor")

    ran = [r for r in runs(trajectory) if r.programs == ("src/train.py",)]
    assert [r.ended for r in ran] == ["failed", "ok"]
    assert ran[0].failure == "ModuleNotFoundError: No module named 'helper'"
    assert last_run_of(trajectory, "src/train.py") == ran[-1]

    spoken = claims(trajectory)
    assert "run" in {c.about for c in spoken} and "accuracy 0.75" in {c.about for c in spoken}
    assert not any(c.is_contradicted for c in spoken)


@each_sample
def test_a_file_cut_off_anywhere_is_refused_or_read_up_to_there(
    sample: Sample, tmp_path: Path
) -> None:
    whole = sample.write(tmp_path).read_text()
    torn = tmp_path / f"torn{sample.suffix}"
    for share in (0.0, 0.1, 0.5, 0.9, 0.999):
        torn.write_text(whole[: int(len(whole) * share)])
        try:
            read = load_trajectory(torn)
        except InputError as error:
            assert str(torn) in str(error) and "\n" not in str(error)
            continue
        assert sample.is_lines and (read.cuts or share > 0.99)


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@each_sample
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_value_in_any_place_gives_steps_or_one_sentence(
    sample: Sample, tmp_path: Path, data: st.DataObject
) -> None:
    content = sample.content()
    parent: Any = content
    key: Any = None
    for _ in range(data.draw(st.integers(1, 5))):
        if not isinstance(parent, dict | list) or not parent:
            break
        holder = parent
        key = data.draw(
            st.sampled_from(sorted(parent) if isinstance(parent, dict) else range(len(parent)))
        )
        parent = parent[key]
        last = holder
    if data.draw(st.booleans()):
        last[key] = data.draw(Json)
    else:
        del last[key]
    changed = Sample("changed", "", lambda: content, sample.suffix, sample.is_lines)
    try:
        trajectory = load_trajectory(changed.write(tmp_path, "changed"))
    except InputError as error:
        assert "\n" not in str(error)
        return
    writes(trajectory)
    claims(trajectory)


def test_a_model_and_a_cost_stand_at_the_step_that_took_them(tmp_path: Path) -> None:
    path = SAMPLES[0].write(tmp_path)
    usage = load_trajectory(path).steps[1].usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cost) == (100, 10, 0.5)
    assert usage.model == MODEL


def test_several_calls_in_one_reply_keep_their_own_answers(tmp_path: Path) -> None:
    call = {"function_name": "bash", "arguments": {"command": "python a.py"}, "tool_call_id": "1"}
    other = {"function_name": "bash", "arguments": {"command": "python b.py"}, "tool_call_id": "2"}
    answers = [
        {"source_call_id": "2", "content": FAILURE.replace("src/train.py", "b.py")},
        {"source_call_id": "1", "content": SUCCESS},
    ]
    step = {
        "step_id": 1,
        "source": "agent",
        "message": "",
        "tool_calls": [call, other],
        "observation": {"results": answers},
    }
    document = {"schema_version": "ATIF-v1.4", "agent": {"name": "x"}, "steps": [step]}
    path = tmp_path / "two.json"
    path.write_text(json.dumps(document))
    trajectory = load_trajectory(path)
    assert [(r.programs, r.ended) for r in runs(trajectory)] == [
        (("a.py",), "ok"),
        (("b.py",), "failed"),
    ]


def test_one_reply_on_two_lines_of_claude_code_counts_once(tmp_path: Path) -> None:
    usage = {"input_tokens": 5, "output_tokens": 7}
    spoken = {"id": "m", "content": [{"type": "text", "text": "I look."}], "usage": usage}
    done = {
        "id": "m",
        "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}],
        "usage": usage,
    }
    records = [{"type": "assistant", "uuid": "u", "message": message} for message in (spoken, done)]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    trajectory = load_trajectory(path)
    (step,) = trajectory.steps
    assert (step.thought, step.action) == ("I look.", "Running command: ls")
    assert trajectory.usage.output_tokens == 7


def test_a_limit_that_ended_swe_agent_is_told_from_its_own_end(tmp_path: Path) -> None:
    document = SAMPLES[2].content()
    document["info"]["exit_status"] = "submitted (exit_cost)"
    path = tmp_path / "limit.traj"
    path.write_text(json.dumps(document))
    assert load_trajectory(path).ended_by_agent is False


def test_mini_swe_agents_commands_do_not_share_a_folder(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "Do it."}]
    for command in ("cd src", "touch made.txt"):
        messages.append({"role": "assistant", "content": f"```bash\n{command}\n```"})
        messages.append({"role": "user", "content": "<returncode>0</returncode>"})
    path = tmp_path / "m.traj.json"
    path.write_text(json.dumps(messages))
    assert [w.path for w in writes(load_trajectory(path))] == ["made.txt"]


def test_the_old_openhands_list_is_read(tmp_path: Path) -> None:
    events = [
        {"id": 0, "source": "user", "action": "message", "args": {"content": ASKED}},
        {
            "id": 1,
            "source": "agent",
            "action": "run",
            "args": {"command": "python src/train.py", "thought": "I run it."},
        },
        {
            "id": 2,
            "cause": 1,
            "source": "agent",
            "observation": "run",
            "content": "boom",
            "extras": {"metadata": {"exit_code": 2, "working_dir": "/workspace"}},
        },
        {"id": 3, "source": "agent", "action": "finish", "args": {"thought": "Done."}},
    ]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(events))
    trajectory = load_trajectory(path)
    assert [s.thought for s in trajectory.steps] == ["I run it.", "Done."]
    assert [(r.programs, r.ended, r.exit_status) for r in runs(trajectory)] == [
        (("src/train.py",), "failed", 2)
    ]
    assert trajectory.ended_by_agent is True
