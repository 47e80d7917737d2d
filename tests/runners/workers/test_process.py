"""What surrounds a worker's process: its environment, its log, and that it never outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from results.errors import InputError
from runners.models.video_language.interface import VideoReply
from runners.models.workers.models import open_worker_model
from tests.runners.workers.conftest import Opened
from tests.runners.workers.pictures import asked
from tests.runners.workers.test_failing import is_gone, texts_of

SHOWING_ENVIRONMENT = """
    import os

    class Adapter:
        def load(self, options): pass
        def predict(self, question):
            return os.environ.get(question.prompt, "nothing")
"""
# A model that starts a child of its own, and then says what both their numbers are.
WITH_A_CHILD = """
import os, subprocess, sys, time

class Adapter:
    def load(self, options):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        self.said = f"{os.getpid()} {child.pid}"

    def predict(self, question):
        if question.prompt == "hang":
            print("hanging", flush=True)
            time.sleep(60)
        return self.said
"""


def test_keys_and_what_steers_python_are_not_handed_on(
    adapter: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = ("OPENAI_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "JUDGE_CONFIG", "PYTHONPATH")
    for name in secret:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("HF_HOME", "/models")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    monkeypatch.delenv("JUDGE_CONFIG")
    model = adapter(SHOWING_ENVIRONMENT)
    assert texts_of(model, *secret) == ["nothing"] * len(secret)
    assert texts_of(model, "HF_HOME", "CUDA_VISIBLE_DEVICES") == ["/models", "3"]
    assert texts_of(model, "HOME") == [os.environ["HOME"]]


def test_what_the_config_file_names_is_handed_on(
    adapter: Opened, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    config.write_text('[workers.adapter]\nenvironment = ["HTTPS_PROXY"]\n')
    assert texts_of(adapter(SHOWING_ENVIRONMENT), "HTTPS_PROXY") == ["http://127.0.0.1:1"]


def test_a_worker_sees_the_gpu_that_it_is_given(
    adapter: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    model = adapter(SHOWING_ENVIRONMENT, device="cuda:1")
    assert texts_of(model, "CUDA_VISIBLE_DEVICES") == ["7"]
    assert model.device == "cuda"
    with pytest.raises(InputError, match="There is no cuda:2"):
        adapter(SHOWING_ENVIRONMENT, device="cuda:2")


def test_the_code_runs_in_its_own_checkout(adapter: Opened, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "research_code.py").write_text("ANSWER = 'from the checkout'\n")
    model = adapter(
        """
        import os
        class Adapter:
            def load(self, options):
                self.code = options.imported("research_code", "clone it")
            def predict(self, question):
                return f"{self.code.ANSWER} in {os.path.basename(os.getcwd())}"
        """,
        code=checkout,
    )
    assert texts_of(model, "") == ["from the checkout in checkout"]


def test_what_a_worker_writes_goes_to_the_log(adapter: Opened, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    model = adapter(
        """
        class Adapter:
            def load(self, options): print("loading shards")
            def predict(self, question): raise ValueError("no such frame")
        """,
        log=log,
    )
    texts_of(model, "")
    model.close()
    written = log.read_text()
    assert "loading shards" in written
    assert "Traceback" in written
    assert "no such frame" in written


def test_a_log_has_a_limit(
    adapter: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runners.models.workers.process.LONGEST_LOG", 10_000)
    log = tmp_path / "worker.log"
    model = adapter(
        """
        class Adapter:
            def load(self, options): pass
            def predict(self, question):
                print("e" * 1_000_000)
                return "A"
        """,
        log=log,
    )
    assert texts_of(model, "", "") == ["A", "A"]
    model.close()
    written = log.read_text()
    assert len(written) < 10_100
    assert written.endswith("[the log ends here: it has reached its limit]\n")


def test_the_record_says_what_environment_it_was(adapter: Opened) -> None:
    model = adapter(
        """
        class Adapter:
            name = "mine"
            def load(self, options): pass
            def describe(self): return {"frames_kept": 3}
            def predict(self, question): return ""
        """
    )
    described = model.describe()
    assert described["frames_kept"] == 3
    assert described["worker_python_version"] == ".".join(map(str, sys.version_info[:3]))
    assert "worker_numpy_version" in described
    assert len(str(described["adapter_sha256"])) == 64
    assert model.name == "mine"


def test_a_closed_worker_and_its_children_are_gone_and_a_question_starts_it_anew(
    adapter: Opened,
) -> None:
    model = adapter(WITH_A_CHILD)
    (pids,) = texts_of(model, "")
    model.close()
    assert all(is_gone(int(pid)) for pid in pids.split())
    assert texts_of(model, "") != [pids]
    model.close()
    model.close()


PARENT = """
import sys
from runners.models.video_language.interface import VideoQuestion
from runners.models.workers.models import open_worker_model

model = open_worker_model(sys.argv[1])
(reply,) = model.answer([VideoQuestion("")])
print(reply.text, flush=True)
model.answer([VideoQuestion("hang")])
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_worker_ends_with_its_judge_however_that_ends(tmp_path: Path, how: int) -> None:
    path = tmp_path / "adapter.py"
    path.write_text(WITH_A_CHILD)
    judge = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert judge.stdout is not None
    pids = [int(pid) for pid in judge.stdout.readline().split()]
    assert len(pids) == 2
    time.sleep(0.3)
    judge.send_signal(how)
    judge.communicate(timeout=10)
    assert all(is_gone(pid) for pid in pids)


def test_a_judge_that_is_interrupted_can_go_on(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "adapter.py"
    path.write_text(WITH_A_CHILD)
    model = open_worker_model(str(path))
    (before,) = texts_of(model, "")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(signal, "alarm", signal.alarm)
    kept = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            model.answer([asked("hang")])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)
    assert all(is_gone(int(pid)) for pid in before.split())
    (reply,) = model.answer([asked("")])
    assert isinstance(reply, VideoReply)
    assert reply.text != before
    model.close()


def test_a_worker_that_is_run_by_hand_ends_when_nothing_more_is_sent() -> None:
    from runners.models.workers.side import judge_worker

    ended = subprocess.run(
        [sys.executable, judge_worker.__file__, "--adapter", "template"],
        input=b"",
        capture_output=True,
        check=False,
        timeout=10,
        start_new_session=True,
    )
    assert ended.stdout == b""
    assert ended.stderr == b""
