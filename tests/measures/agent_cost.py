"""Calls and input tokens that the `agent` judge takes a requirement, beside the original's.

    python -m tests.measures.agent_cost [--json]

A deterministic, rule-driven model (tests/support/rule_model.py) on loopback answers. Tokens are
characters / 4 over all bytes sent. `after cache` leaves out what a provider's prefix cache serves:
the longest beginning (tools, then messages) that an earlier request of the run had too, from 1,024
tokens on, in steps of 128. The original's figures are its own code's on the hollow workspaces,
measured the same way. Needs $JUDGE_TEST_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from bisect import bisect_left, insort
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devai_tasks import load_tasks
from judge.inspection import Inspection
from judge.judges.agent.judge import AgentJudge
from judge.judges.interface import Case, Question
from judge.trajectory import load_trajectory
from judge.workspace import Workspace
from results.records import Verdict
from runners.models.chat import Settings, open_chat
from tests.support.chat_server import Asked, ChatServer
from tests.support.rule_model import decides_by_rules

ORIGINAL = {"black-box": (2.13, 2074), "gray-box": (3.13, 2941)}
SMALLEST_PREFIX, STEP = 1024, 128


class PrefixCache:
    """What a provider's prefix cache would serve of each request, in characters."""

    def __init__(self) -> None:
        self._seen: list[str] = []

    def served(self, prompt: str) -> int:
        """The characters of `prompt` that an earlier prompt began with; remembers this one."""
        place = bisect_left(self._seen, prompt)
        around = self._seen[max(0, place - 1) : place + 1]
        longest = max((_in_common(prompt, other) for other in around), default=0)
        insort(self._seen, prompt)
        tokens = longest // 4
        return tokens // STEP * STEP * 4 if tokens >= SMALLEST_PREFIX else 0


def _in_common(first: str, second: str) -> int:
    """How many characters both begin with."""
    differ = (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    return next(differ, min(len(first), len(second)))


@dataclass
class Counted:
    """Sums over the requests of one measurement."""

    requirements: int = 0
    calls: int = 0
    characters: int = 0
    after_cache: int = 0

    def row(self) -> dict[str, float]:
        n = self.requirements
        return {
            "requirements": n,
            "calls": round(self.calls / n, 2),
            "tokens": round(self.characters / 4 / n),
            "tokens_after_cache": round(self.after_cache / 4 / n),
        }


def prompt_of(asked: Asked) -> str:
    """What a provider lays out for the model: tools before messages, as they were sent."""
    tools = json.dumps(asked.body.get("tools", []), ensure_ascii=False)
    messages = "\n".join(json.dumps(m, ensure_ascii=False) for m in asked.messages)
    return f"{tools}\n{messages}"


def measure(data: Path, setting: str, names: list[tuple[Path, Path | None]]) -> dict[str, Any]:
    """Judges the outputs; per requirement means, and the share of readable text that was sent."""
    tasks = {task.name: task for task in load_tasks(data / "devai" / "instances").tasks}
    counted, cache = Counted(), PrefixCache()
    verdicts: list[Verdict] = []
    readable = sent = 0
    with ChatServer() as server:
        server.rule = decides_by_rules
        settings = Settings.model_validate({"chat": {"cache_max_mb": 0}})
        environment = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-none"}
        judge = AgentJudge(open_chat("openai:rules", settings=settings, environment=environment))
        for folder, trajectory in names:
            task = tasks[folder.name]
            loaded = load_trajectory(trajectory) if trajectory else None
            case = Case(task, Inspection(Workspace.open(folder), loaded))
            known: dict[int, Verdict] = {}
            begun = len(server.requests)
            for requirement in task.requirements:
                earlier = {p: known[p] for p in requirement.prerequisites if p in known}
                question = Question.of_requirement(task, requirement)
                known[requirement.requirement_id] = judge.judge(case, question, earlier)
            verdicts += known.values()
            counted.requirements += len(task.requirements)
            shown = "\n".join(asked.text for asked in server.requests[begun:])
            for entry in case.inspection.workspace.files:
                lines = (case.inspection.workspace.text(entry.path) or "").splitlines()
                told = {line.strip() for line in lines if line.strip()}
                readable += sum(map(len, told))
                sent += sum(len(line) for line in told if line in shown)
        for asked in server.requests:
            prompt = prompt_of(asked)
            counted.calls += 1
            counted.characters += asked.size
            counted.after_cache += max(0, asked.size - cache.served(prompt))
    outcomes = [verdict.outcome.value for verdict in verdicts]
    row: dict[str, Any] = {"setting": setting, **counted.row()}
    row["outcomes"] = {name: outcomes.count(name) for name in sorted(set(outcomes))}
    row["seen"] = round(sent / readable, 3) if readable else None
    return row


def main() -> int:
    """Prints the table, or with --json one document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = Path(os.environ.get("JUDGE_TEST_DATA", ""))
    if not (data / "hollow").is_dir():
        print("JUDGE_TEST_DATA does not name the folder of test data.", file=sys.stderr)
        return 2
    hollow: list[tuple[Path, Path | None]] = [
        (folder, None) for folder in sorted((data / "hollow" / "workspaces").iterdir())
    ]
    task_39 = "39_Drug_Response_Prediction_SVM_GDSC_ML"
    output = data / "devai" / "workspaces" / "OpenHands" / task_39
    steps = data / "devai" / "trajectories" / "OpenHands" / f"{task_39}.json"
    rows = [
        {"outputs": "27 hollow", **measure(data, "black-box", hollow)},
        {"outputs": "task 39", **measure(data, "black-box", [(output, None)])},
        {"outputs": "task 39", **measure(data, "gray-box", [(output, steps)])},
    ]
    if options.json:
        print(json.dumps({"rows": rows, "original": ORIGINAL}, indent=2))
        return 0
    for row in rows:
        calls, tokens = ORIGINAL[row["setting"]]
        print(
            f"{row['outputs']:9} {row['setting']:9} n={row['requirements']:3}"
            f"  calls {row['calls']:.2f} (original {calls})"
            f"  tokens {row['tokens']:.0f}, after cache {row['tokens_after_cache']:.0f}"
            f" = {row['tokens_after_cache'] / tokens:.0%} of the original's {tokens}"
            f"  seen {row['seen']:.0%}  {row['outcomes']}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
