"""One story told in every format: a program is typed, fails, is mended, runs, and is spoken of.

In each, step `FIRST_RUN` fails with a missing module, step `LAST_RUN` succeeds and prints an
accuracy, and the agent ends by saying what it reached.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.trajectory import Step, Trajectory

ASKED = "Please train a model and print its accuracy."
PROGRAM = "import helper\n\nprint('accuracy:', helper.score())\n"
HELPER = "def score():\n    return sum([0.5, 0.25])\n"
FAILURE = (
    "Traceback (most recent call last):\n"
    '  File "/work/project/src/train.py", line 1, in <module>\n'
    "    import helper\n"
    "ModuleNotFoundError: No module named 'helper'"
)
SUCCESS = "accuracy: 0.75"
CLOSING = "The program ran successfully and reached an accuracy of 0.75."
THOUGHTS = (
    "I write the program first.",
    "Now I run it.",
    "The helper is missing, so I add it.",
    "I run it again.",
    CLOSING,
)
MODEL = "example-model"


def devai_step(
    number: int,
    action: str | None,
    observation: str | None,
    thought: str = "",
    user_message: str | None = None,
) -> dict[str, Any]:
    """A whole step of the DevAI form."""
    return {
        "step": number,
        "user_message": user_message,
        "agent": {"thought": thought, "action": action, "agent_name": "Example"},
        "environment": observation,
        "step_usage": {
            "input_tokens": 100,
            "output_tokens": 10,
            "model": MODEL,
            "cost": 0.5,
            "llm_inference_time": 1.0,
            "step_execution_time": 2.0,
        },
        "accumulated_usage": {
            "accumulated_cost": 0.5 * (number + 1),
            "accumulated_time": 2.0 * (number + 1),
        },
    }


def trajectory_of(*done: tuple[str, str] | tuple[str, str, str]) -> Trajectory:
    """A trajectory of (action, observation) or (thought, action, observation), from step 0."""
    steps = []
    for number, told in enumerate(done):
        thought, action, observation = told if len(told) == 3 else ("", *told)
        steps.append(Step(number=number, thought=thought, action=action, observation=observation))
    return Trajectory(agent="Example", format="devai", path="example.json", steps=tuple(steps))


def shell(command: str, observation: str = "") -> tuple[str, str]:
    """A shell command as DevAI's agents write it, and its answer."""
    return f"Running command: {command}", observation


def python(code: str, observation: str = "") -> tuple[str, str]:
    """A cell of Python as DevAI's agents write it, and its answer."""
    return f"Running Python code interactively: {code}", observation


def typed(path: str, text: str) -> str:
    """The shell command that types a file."""
    return f"cat > {path} <<'EOF'\n{text}EOF"


def devai() -> Any:
    actions = (
        f"Running command: {typed('src/train.py', PROGRAM)}",
        "Running command: python src/train.py",
        f"Running command: {typed('src/helper.py', HELPER)}",
        "Running command: python src/train.py",
        None,
    )
    answers = ("", FAILURE, "", SUCCESS, None)
    return [
        devai_step(n, action, answer, THOUGHTS[n], None if n else ASKED)
        for n, (action, answer) in enumerate(zip(actions, answers, strict=True))
    ]


def _editor(path: str, text: str) -> dict[str, Any]:
    return {"command": "create", "path": f"/work/project/{path}", "file_text": text}


def atif() -> Any:
    calls: tuple[tuple[str, dict[str, Any], str] | None, ...] = (
        ("str_replace_editor", _editor("src/train.py", PROGRAM), "File created successfully"),
        ("bash", {"command": "python src/train.py"}, FAILURE),
        ("str_replace_editor", _editor("src/helper.py", HELPER), "File created successfully"),
        ("bash", {"command": "python src/train.py"}, SUCCESS),
        None,
    )
    steps: list[dict[str, Any]] = [{"step_id": 1, "source": "user", "message": ASKED}]
    for thought, call in zip(THOUGHTS, calls, strict=True):
        step: dict[str, Any] = {
            "step_id": len(steps) + 1,
            "source": "agent",
            "message": thought,
            "metrics": {"prompt_tokens": 100, "completion_tokens": 10, "cost_usd": 0.5},
        }
        if call is not None:
            name, arguments, answer = call
            step["tool_calls"] = [
                {"tool_call_id": "c1", "function_name": name, "arguments": arguments}
            ]
            step["observation"] = {"results": [{"source_call_id": "c1", "content": answer}]}
        steps.append(step)
    return {
        "schema_version": "ATIF-v1.4",
        "session_id": "s",
        "agent": {"name": "Example", "version": "1", "model_name": MODEL},
        "steps": steps,
    }


def swe_agent() -> Any:
    state = json.dumps({"open_file": "n/a", "working_dir": "/work/project"})
    actions = (
        "str_replace_editor create /work/project/src/train.py --file_text '" + PROGRAM + "'",
        "python src/train.py",
        typed("src/helper.py", HELPER),
        "python src/train.py",
        "submit",
    )
    answers = ("File created successfully", FAILURE, "", SUCCESS, "diff --git a b")
    return {
        "environment": "swe_main",
        "trajectory": [
            {"action": a, "observation": o, "response": t, "state": state, "thought": t}
            for a, o, t in zip(actions, answers, THOUGHTS, strict=True)
        ],
        "history": [
            {"role": "system", "content": "You are an agent."},
            {"role": "user", "content": ASKED},
        ],
        "info": {
            "exit_status": "submitted",
            "model_stats": {
                "instance_cost": 2.5, "tokens_sent": 500, "tokens_received": 50, "api_calls": 5,
            },
        },
    }  # fmt: skip


def mini_swe_agent() -> Any:
    commands = (
        typed("src/train.py", PROGRAM),
        "python src/train.py",
        typed("src/helper.py", HELPER),
        "python src/train.py",
        "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT",
    )
    answers = ((0, ""), (1, FAILURE), (0, ""), (0, SUCCESS), (0, ""))
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You are an agent."},
        {"role": "user", "content": [{"type": "text", "text": ASKED}]},
    ]
    for thought, command, (status, output) in zip(THOUGHTS, commands, answers, strict=True):
        usage = {"prompt_tokens": 100, "completion_tokens": 10}
        messages += [
            {
                "role": "assistant",
                "content": f"THOUGHT: {thought}\n\n```bash\n{command}\n```",
                "extra": {"response": {"model": MODEL, "usage": usage}},
            },
            {
                "role": "user",
                "content": f"<returncode>{status}</returncode>\n<output>\n{output}\n</output>",
            },
        ]
    return {
        "info": {
            "exit_status": "Submitted",
            "model_stats": {"instance_cost": 2.5, "api_calls": 5},
            "config": {"environment": {"cwd": "/work/project"}},
        },
        "messages": messages,
        "trajectory_format": "mini-swe-agent-1",
    }


def mini_swe_agent_list() -> Any:
    return mini_swe_agent()["messages"]


def claude_code() -> Any:
    base = {"cwd": "/work/project", "sessionId": "s", "version": "1.0.0"}
    written = "File created successfully at: /work/project/src/train.py"
    calls: tuple[tuple[str, dict[str, Any], str, bool] | None, ...] = (
        ("Write", {"file_path": "/work/project/src/train.py", "content": PROGRAM}, written, False),
        ("Bash", {"command": "python src/train.py"}, f"Exit code 1\n{FAILURE}", True),
        ("Write", {"file_path": "/work/project/src/helper.py", "content": HELPER}, written, False),
        ("Bash", {"command": "python src/train.py"}, SUCCESS, False),
        None,
    )
    records: list[dict[str, Any]] = [
        {**base, "type": "user", "message": {"role": "user", "content": ASKED}}
    ]
    for number, (thought, call) in enumerate(zip(THOUGHTS, calls, strict=True)):
        content: list[dict[str, Any]] = [{"type": "text", "text": thought}]
        if call is not None:
            content.append(
                {"type": "tool_use", "id": f"t{number}", "name": call[0], "input": call[1]}
            )
        message = {
            "id": f"m{number}",
            "role": "assistant",
            "model": MODEL,
            "content": content,
            "stop_reason": "tool_use" if call else "end_turn",
            "usage": {"input_tokens": 90, "cache_read_input_tokens": 10, "output_tokens": 10},
        }
        records.append({**base, "type": "assistant", "costUSD": 0.5, "message": message})
        if call is not None:
            result = {
                "type": "tool_result",
                "tool_use_id": f"t{number}",
                "content": call[2],
                "is_error": call[3],
            }
            records.append(
                {**base, "type": "user", "message": {"role": "user", "content": [result]}}
            )
    return records


def openhands() -> Any:
    calls: tuple[tuple[str, dict[str, Any], str, int | None] | None, ...] = (
        ("str_replace_editor", _editor("src/train.py", PROGRAM), "File created", None),
        ("terminal", {"command": "python src/train.py"}, FAILURE, 1),
        ("str_replace_editor", _editor("src/helper.py", HELPER), "File created", None),
        ("terminal", {"command": "python src/train.py"}, SUCCESS, 0),
        None,
    )
    events: list[dict[str, Any]] = [
        {
            "id": "u",
            "source": "user",
            "kind": "MessageEvent",
            "llm_message": {"role": "user", "content": [{"type": "text", "text": ASKED}]},
        }
    ]
    for number, (thought, call) in enumerate(zip(THOUGHTS, calls, strict=True)):
        if call is None:
            message = {"role": "assistant", "content": [{"type": "text", "text": thought}]}
            events.append(
                {"id": "m", "source": "agent", "kind": "MessageEvent", "llm_message": message}
            )
            continue
        name, arguments, answer, status = call
        events += [
            {
                "id": f"a{number}",
                "source": "agent",
                "kind": "ActionEvent",
                "thought": [{"type": "text", "text": thought}],
                "tool_name": name,
                "tool_call_id": f"t{number}",
                "action": {**arguments, "kind": "Action"},
            },
            {
                "id": f"o{number}",
                "source": "environment",
                "kind": "ObservationEvent",
                "action_id": f"a{number}",
                "tool_name": name,
                "observation": {
                    "content": [{"type": "text", "text": answer}],
                    "exit_code": status,
                    "metadata": {"working_dir": "/work/project", "exit_code": status},
                },
            },
        ]
    events.append(
        {
            "id": "s",
            "source": "environment",
            "kind": "ConversationStateUpdateEvent",
            "key": "stats",
            "value": {
                "usage_to_metrics": {
                    "default": {
                        "accumulated_cost": 2.5,
                        "accumulated_token_usage": {
                            "prompt_tokens": 500,
                            "completion_tokens": 50,
                        },
                    }
                }
            },
        }
    )
    return events


@dataclass(frozen=True)
class Sample:
    """A way of telling the story; `lines` where the format has one record a line."""

    name: str
    format: str
    content: Callable[[], Any]
    suffix: str
    is_lines: bool = False
    has_usage: bool = True

    def write(self, folder: Path, stem: str = "story") -> Path:
        """The story in a file of this format."""
        path = folder / f"{stem}{self.suffix}"
        content = self.content()
        if self.is_lines:
            path.write_text("\n".join(json.dumps(record) for record in content) + "\n")
        else:
            path.write_text(json.dumps(content))
        return path


SAMPLES = (
    Sample("devai", "devai", devai, ".json"),
    Sample("atif", "atif", atif, ".json"),
    Sample("swe-agent", "swe-agent", swe_agent, ".traj"),
    Sample("mini-swe-agent", "mini-swe-agent", mini_swe_agent, ".traj.json"),
    Sample("mini-swe-agent list", "mini-swe-agent", mini_swe_agent_list, ".json"),
    Sample("claude-code", "claude-code", claude_code, ".jsonl", is_lines=True),
    Sample("openhands", "openhands", openhands, ".jsonl", is_lines=True),
    Sample("openhands list", "openhands", openhands, ".json"),
)
