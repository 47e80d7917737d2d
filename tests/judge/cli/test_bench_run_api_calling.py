"""`judge bench run bfcl|api-bank` as a person calls it: answers, failures, stopping, resuming."""

from __future__ import annotations

import collections
import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from judge.cli.main import status_of
from tests.runners.api_calling.small_sets import (
    SAMPLES,
    knows_all,
    write_bfcl,
    write_dialogues,
)
from tests.support.chat_server import Answer, Asked, ChatServer, fails, says, slowly
from tests.support.command import JUDGE, Ended, ended, environment, judge, start


class Desk:
    """A folder with the small sets, and the scripted server to ask."""

    def __init__(self, folder: Path, server: ChatServer) -> None:
        self.folder, self.server = folder, server
        write_bfcl(folder / "bfcl")
        write_dialogues(folder / "dialogues")
        config = folder / "config.toml"
        config.write_text("[chat]\nretries = 0\nfirst_wait_seconds = 0.01\ncache_max_mb = 0\n")
        self.more = {
            "JUDGE_CONFIG": str(config),
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "sk-loopback-0123456789abcdef",
        }
        server.rule = knows_all

    def run(self, *arguments: str) -> Ended:
        return judge("bench", "run", *arguments, folder=self.folder, more=self.more)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return start("bench", "run", *arguments, folder=self.folder, more=self.more)

    @property
    def run_id(self) -> str:
        (run,) = (self.folder / "runs").iterdir()
        return run.name

    def journalled(self) -> list[str]:
        """The samples with a score on disk."""
        found = []
        for journal in self.folder.glob("runs/*/journal.jsonl"):
            for line in journal.read_bytes().split(b"\n")[:-1]:
                entry = json.loads(line)
                if entry["kind"] == "score":
                    found.append(entry["score"]["sample"])
        return found

    def wait_for(self, scores: int, process: subprocess.Popen[str]) -> None:
        while len(self.journalled()) < scores:
            assert process.poll() is None
            time.sleep(0.01)


BFCL = ("bfcl", "--model", "openai:m", "--data", "bfcl")


@pytest.fixture
def desk(tmp_path: Path, chat_server: ChatServer) -> Desk:
    return Desk(tmp_path, chat_server)


def test_a_run_answers_with_its_figures_and_how_to_score_its_predictions_again(desk: Desk) -> None:
    ran = desk.run(*BFCL, "--json")
    assert (ran.status, ran.err) == (0, "")
    document: dict[str, Any] = ran.json
    assert (document["n"], document["accuracy"]) == (len(SAMPLES), 1.0)
    assert document["errors"] == {}
    assert document["usage"]["calls"] == len(SAMPLES)
    words = document["score_command"].split()
    assert "--underscore-names" in words
    scored = judge(*words[1:], "--json", folder=desk.folder)
    assert scored.status == 0
    (overall,) = [m for m in document["metrics"] if m["name"] == "BFCL overall"]
    assert scored.json["overall"] == overall["value"]
    assert scored.json["accuracy"] == document["accuracy"]


def test_a_person_gets_a_table_and_the_store_the_run(desk: Desk) -> None:
    ran = desk.run("api-bank", "--model", "openai:m", "--data", "dialogues")
    assert ran.status == 0
    for word in ("accuracy", "EM_intent", "EM_structure", "ROUGE-1", "ROUGE-L", "latency_p50"):
        assert word in ran.out
    listed = judge("results", "list", "--json", folder=desk.folder)
    assert [run["benchmark"] for run in listed.json["runs"]] == ["api-bank"]


def test_an_endpoint_that_fails_ends_with_3_and_the_command_that_goes_on(desk: Desk) -> None:
    desk.server.rule = lambda asked: (
        fails(500, "out of order") if asked.last == "Greet Ada." else knows_all(asked)
    )
    ran = desk.run(*BFCL, "--json")
    assert ran.status == 3
    assert set(ran.json["errors"]) == {"simple_python_1"}
    assert ran.json["accuracy"] == 1.0
    command = ran.json["resume"]
    assert command == f"judge bench run bfcl --resume {desk.run_id}"
    assert command in ran.err
    assert "sk-loopback" not in ran.out + ran.err
    asked = desk.server.calls
    desk.server.rule = knows_all
    again = desk.run(*command.split()[3:], "--json")
    assert (again.status, again.json["n"]) == (0, len(SAMPLES))
    assert desk.server.calls == asked + 1


def test_an_endpoint_without_tools_is_left_with_the_way_to_do_without(desk: Desk) -> None:
    desk.server.rule = lambda asked: fails(400, "tools are not supported by this model")
    ran = desk.run(*BFCL, "--jobs", "1", "--quiet")
    assert ran.status == 3
    assert ran.out.strip() == desk.run_id
    assert "--mode prompt" in ran.err
    assert desk.server.calls == 1


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_asks_nothing_twice(desk: Desk) -> None:
    answered: collections.Counter[str] = collections.Counter()

    def rule(asked: Asked) -> Answer:
        answered[asked.last] += 1
        return slowly(knows_all(asked), 0.3)

    desk.server.rule = rule
    process = desk.begin(*BFCL, "--jobs", "1")
    for kept in (1, 3):
        desk.wait_for(kept, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        before = desk.journalled()
        process = desk.begin("bfcl", "--resume", desk.run_id, "--json", "--jobs", "1")
        assert len(before) == len(set(before))
    done = ended(process)
    assert done.status == 0
    assert (done.json["n"], done.json["accuracy"]) == (len(SAMPLES), 1.0)
    assert sorted(desk.journalled()) == sorted(SAMPLES)
    # Only what was on its way when the process died was asked once more.
    assert sum(answered.values()) <= len(SAMPLES) + 2


def test_stopping_a_run_ends_with_130_at_once_and_keeps_its_predictions(desk: Desk) -> None:
    def rule(asked: Asked) -> Answer:
        return slowly(knows_all(asked), 60.0 if asked.last == "Light on." else 0.0)

    desk.server.rule = rule
    process = desk.begin(*BFCL, "--jobs", "1", "--json")
    desk.wait_for(2, process)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    stopped = ended(process)
    assert time.monotonic() - began < 30
    assert stopped.status == 130
    assert stopped.json["resume"] == f"judge bench run bfcl --resume {desk.run_id}"
    assert "Traceback" not in stopped.err
    results = next(desk.folder.glob("runs/*/files/results/non_live/*simple_python*"))
    assert len(results.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bfcl", "--data", "bfcl"], "Give --model"),
        (["bfcl", "--model", "openai:m"], "Give --data"),
        (["bfcl", "--model", "openai:m", "--data", "nowhere"], "holds no file of BFCL"),
        (["bfcl", "--model", "gpt", "--data", "bfcl"], "openai:<model>"),
        ([*BFCL, "--category", "live_simple"], "live_simple"),
        ([*BFCL, "--category", "quadruple"], "quadruple"),
        (["api-bank", "--model", "openai:m", "--data", "nowhere"], "There is no folder"),
        (["api-bank", "--resume", "x", "--limit", "3"], "--limit has no place"),
        (["bfcl", "--resume", "20200101"], "No run is called"),
    ],
)
def test_a_wrong_call_ends_with_2_before_anything_is_asked(
    desk: Desk,
    arguments: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(desk.folder)
    for name, value in desk.more.items():
        monkeypatch.setenv(name, value)
    assert status_of(["bench", "run", *arguments, "--json"]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert json.loads(said.out)["exit_status"] == 2
    assert desk.server.calls == 0
    assert not (desk.folder / "runs").exists()


def test_replies_that_would_draw_on_a_terminal_are_shown_harmlessly(desk: Desk) -> None:
    desk.server.rule = lambda asked: says("\x1b]0;owned\x07\x1b[2J[bold]x[/bold]")
    ran = desk.run(*BFCL)
    shown = judge("results", "show", desk.run_id, folder=desk.folder)
    assert (ran.status, shown.status) == (0, 0)
    for text in (ran.out, ran.err, shown.out):
        assert "\x1b" not in text
        assert "\x07" not in text


@pytest.mark.slow
def test_who_watches_sees_how_far_it_is_and_the_time_left(desk: Desk) -> None:
    desk.server.rule = lambda asked: slowly(knows_all(asked), 0.4)
    ours, theirs = pty.openpty()
    command = [str(JUDGE), "bench", "run", *BFCL, "--jobs", "1"]
    more = environment(desk.folder, {**desk.more, "TERM": "xterm", "COLUMNS": "100"})
    process = subprocess.Popen(
        command, cwd=desk.folder, env=more, stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert process.wait(60) == 0
    assert f"3/{len(SAMPLES)}".encode() in seen
    assert b"0:00:0" in seen
