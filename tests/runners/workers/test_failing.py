"""Workers that end, hang, lie and flood: each question has an answer or a cause, in time."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from textwrap import dedent

import pytest

from results.errors import InputError, ModelError
from runners.models.video_language.interface import Unanswered, VideoReply
from runners.models.workers.asking import WorkerModel
from tests.runners.workers.conftest import Opened
from tests.runners.workers.pictures import asked


def reason_of(model: WorkerModel) -> str:
    (answer,) = model.answer([asked(greys=(1,))])
    assert isinstance(answer, Unanswered), answer
    return answer.reason


def texts_of(model: WorkerModel, *prompts: str) -> list[str]:
    answers = model.answer([asked(prompt) for prompt in prompts])
    return [answer.text if isinstance(answer, VideoReply) else answer.reason for answer in answers]


def test_what_the_code_prints_does_not_break_the_messages(adapter: Opened) -> None:
    model = adapter(
        """
        import os, subprocess, sys
        print("Loading checkpoint shards: 100%")

        class Adapter:
            def load(self, options):
                os.write(1, b"raw words")
                subprocess.run(["echo", "a child's words"], check=True)
                assert sys.stdin.read() == ""

            def predict(self, question):
                print("thinking" * 10_000)
                sys.stdout.buffer.write(bytes(range(256)))
                sys.stdout.flush()
                return question.prompt.upper()
        """
    )
    assert texts_of(model, "a", "b") == ["A", "B"]


def test_an_error_of_the_code_is_an_answer_and_the_worker_stays(adapter: Opened) -> None:
    model = adapter(
        """
        import sys

        class Adapter:
            def load(self, options): pass

            def predict(self, question):
                if question.prompt == "leave":
                    sys.exit(3)
                if question.prompt == "odd":
                    return {"text": "A", "colour": "red"}
                if question.prompt == "set":
                    return {"text": "A", "visual_tokens": {1}}
                if question.prompt == "long":
                    return "A" * 2_000_000
                return {"text": "A"}[question.prompt]
        """
    )
    before = model.pid
    said = texts_of(model, "a", "text", "leave", "odd", "set", "long", "text")
    assert said.pop(5).startswith("The worker could not answer: The adapter's answer has 2000")
    assert said == [
        "The worker could not answer: KeyError: 'a'.",
        "A",
        "The worker could not answer: The model's code ended with status 3.",
        "The worker could not answer: The adapter's answer has unknown fields: colour.",
        "The worker could not answer: The adapter's answer cannot be written as JSON: a set is no"
        " text or number.",
        "A",
    ]
    assert model.pid == before


CRASHING_ONCE = """
import os, signal
from pathlib import Path

class Adapter:
    def load(self, options): pass

    def predict(self, question):
        mark = Path(__file__).with_name("mark")
        if question.prompt == "once" and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if question.prompt == "always":
            os.abort()
        if question.prompt == "too large":
            print("allocating")
            os.kill(os.getpid(), signal.SIGKILL)
        return question.prompt + " answered"
"""


def test_a_worker_that_ends_is_started_again_and_asked_the_same(adapter: Opened) -> None:
    model = adapter(CRASHING_ONCE)
    before = model.pid
    assert texts_of(model, "first", "once", "last") == [
        "first answered",
        "once answered",
        "last answered",
    ]
    assert model.pid != before


def test_a_question_that_ends_it_twice_has_the_cause_and_the_next_is_answered(
    adapter: Opened,
) -> None:
    first, second, third = texts_of(adapter(CRASHING_ONCE), "always", "too large", "next")
    assert first.startswith("The worker, asked a second time, was ended by the signal SIGABRT")
    assert second == (
        "The worker, asked a second time, was killed (SIGKILL), as a system does whose memory is"
        " used up; the last that it wrote was: allocating."
    )
    assert third == "next answered"


def test_in_a_batch_only_the_question_that_ends_it_is_lost(adapter: Opened) -> None:
    code = CRASHING_ONCE.replace("def load", "largest_batch = 3\n    def load")
    answers = texts_of(adapter(code), "a", "always", "b", "c")
    assert answers[0::2] == ["a answered", "b answered"]
    assert "SIGABRT" in answers[1]
    assert answers[3] == "c answered"


def test_a_batch_goes_to_an_adapter_that_takes_one(adapter: Opened) -> None:
    model = adapter(
        """
        class Adapter:
            largest_batch = None
            def load(self, options): pass
            def predict_batch(self, questions):
                return [f"{len(questions)} {q.frames[0].mean() if q.frames else 0:.0f}"
                        for q in questions]
        """
    )
    assert model.largest_batch is None
    answers = model.answer([asked(greys=(5,)), asked(), asked(greys=(7, 8))])
    assert [answer.text for answer in answers if isinstance(answer, VideoReply)] == [
        "3 5",
        "3 0",
        "3 7",
    ]
    assert model.answer([]) == []


def test_an_error_of_a_batch_is_that_of_the_question_that_has_it(adapter: Opened) -> None:
    model = adapter(
        """
        class Adapter:
            largest_batch = 8
            def load(self, options): pass
            def predict_batch(self, questions):
                return [str(int(question.prompt) + 1) for question in questions]
        """
    )
    before = model.pid
    answers = texts_of(model, "1", "two", "3")
    assert answers[0::2] == ["2", "4"]
    assert answers[1].startswith("The worker could not answer: ValueError: invalid literal")
    assert model.pid == before


def test_a_model_that_cannot_be_loaded_again_ends_the_asking(adapter: Opened) -> None:
    model = adapter(
        """
        import os
        from pathlib import Path

        class Adapter:
            def load(self, options):
                mark = Path(__file__).with_name("mark")
                if mark.exists():
                    os._exit(9)
                mark.touch()

            def predict(self, question):
                os._exit(1)
        """
    )
    answers = model.answer([asked(), asked()])
    assert all(isinstance(answer, Unanswered) and answer.is_fatal for answer in answers)
    assert isinstance(answers[0], Unanswered)
    assert "cannot be loaded: twice it ended with status 9" in answers[0].reason


def test_a_worker_that_ends_twice_while_loading_is_not_opened(adapter: Opened) -> None:
    with pytest.raises(
        ModelError, match="twice it ended with status 7; the last that it wrote was: no libcudart"
    ):
        adapter(
            """
            import os
            os.write(2, b"starting\\nno libcudart\\n\\n")
            os._exit(7)
            """
        )


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("class Adapter:\n    def load(self, options): 1 / 0", "ZeroDivisionError: division by"),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("a b", "SyntaxError"),
        ("", "has no class Adapter"),
    ],
)
def test_an_adapter_that_cannot_load_says_why(adapter: Opened, code: str, why: str) -> None:
    with pytest.raises(InputError, match=f"cannot be loaded: .*{why}"):
        adapter(code)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("print('Loading shards', flush=True); time.sleep(9)", "announced a message of 1282367844"),
        ("hear(); say(b'{{{')", "something else than JSON"),
        ("hear(); say({'type': 'hello', 'id': 7})", "nobody had asked for"),
        ("say({'type': 'hello'}); time.sleep(9)", "nobody had asked for"),
        ("say({'type': 'hello', 'id': 1, 'protocol': 2})", "version 2 of the protocol"),
        ("say({'type': 'loaded', 'id': 1})", "it sent 'loaded' in place of 'hello'"),
        ("sys.exit(4)", "ended with status 4"),
    ],
)
def test_a_worker_that_greets_with_something_else_is_not_opened(
    worker: Opened, code: str, why: str
) -> None:
    began = time.monotonic()
    with pytest.raises(ModelError, match=f"cannot be loaded: twice it .*{why}"):
        worker(code)
    assert time.monotonic() - began < 8


def test_a_worker_that_never_greets_is_ended_in_time(worker: Opened) -> None:
    began = time.monotonic()
    with pytest.raises(ModelError, match="cannot be loaded: it did not answer hello within 2 s"):
        worker("print('waiting', file=sys.stderr, flush=True); time.sleep(60)")
    assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("say(b'\\xff' * 20)", "something else than JSON"),
        ("say(b'[' * 500_000)", "something else than JSON"),
        ("os.write(1, b'\\xff\\xff\\xff\\xff' + b'a' * 60_000)", "announced a message of 42949"),
        ("say({'type': 'answers', 'id': asked['id'], 'answers': []})", "a list of 1 answers"),
        (
            "say({'type': 'answers', 'id': asked['id'], 'answers': [{'text': 'A',"
            " 'visual_tokens': -5}]})",
            "visual_tokens of an answer",
        ),
        ("say({'type': 'answers', 'id': 99, 'answers': [{'text': 'A'}]})", "nobody had asked for"),
        ("say({'type': 'hello', 'id': asked['id']})", "it sent 'hello' in place of 'answers'"),
        ("os.close(0); os.close(1); time.sleep(9)", "closed its pipes"),
        ("os.write(1, b'\\x00\\x00\\x01\\x00{')", "ended with status 0"),
    ],
)
def test_a_worker_that_answers_something_else_is_asked_again_and_then_given_up(
    worker: Opened, code: str, why: str
) -> None:
    model = worker(f"be_loaded(); asked = hear(); {code}")
    began = time.monotonic()
    reason = reason_of(model)
    assert reason.startswith("The worker, asked a second time, ")
    assert why in reason
    assert time.monotonic() - began < 8


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(60)",
        "os.write(1, b'\\x00\\x00\\xff\\x00{'); time.sleep(60)",
        # One byte at a time, for ever.
        "os.write(1, b'\\x00\\x0f\\xff\\x00')\nwhile True: os.write(1, b' '); time.sleep(0.01)",
    ],
)
def test_a_worker_that_does_not_answer_in_time_is_ended_and_not_asked_again(
    worker: Opened, code: str
) -> None:
    model = worker(f"be_loaded(); hear()\n{code}")
    before = model.pid
    assert before is not None
    began = time.monotonic()
    assert reason_of(model) == "The worker did not answer predict within 1 s."
    assert time.monotonic() - began < 4
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


def test_a_worker_that_does_not_read_is_ended_in_time(worker: Opened) -> None:
    model = worker("be_loaded(); time.sleep(60)")
    (answer,) = model.answer([asked(greys=(1,) * 10_000)])
    assert isinstance(answer, Unanswered)
    assert "did not answer predict within 1 s" in answer.reason


def test_floods_are_neither_kept_in_memory_nor_waited_for(worker: Opened) -> None:
    model = worker(
        """
        import threading
        be_loaded()
        def shout():
            while True:
                os.write(2, b"e" * 65_536)
        threading.Thread(target=shout, daemon=True).start()
        hear()
        while True:
            os.write(1, b"\\x00\\x00\\x00\\x02{}" * 10_000)
        """
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "nobody had asked for" in reason_of(model)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_what_a_worker_forked_neither_holds_its_question_nor_stays(
    worker: Opened, tmp_path: Path
) -> None:
    children = tmp_path / "children"
    model = worker(
        f"""
        be_loaded(); hear()
        if os.fork() == 0:
            with open({str(children)!r}, "a") as file:
                file.write(f"{{os.getpid()}}\\n")
            time.sleep(60)
        time.sleep(0.3)
        os._exit(5)
        """
    )
    began = time.monotonic()
    assert "ended with status 5" in reason_of(model)
    assert time.monotonic() - began < 6
    for child in children.read_text().split():
        assert is_gone(int(child))


def test_a_crash_of_compiled_code_is_told_with_its_signal(adapter: Opened) -> None:
    model = adapter(
        dedent(
            """
            import ctypes

            class Adapter:
                def load(self, options): pass
                def predict(self, question):
                    ctypes.string_at(0)
            """
        )
    )
    reason = reason_of(model)
    assert "was ended by the signal SIGSEGV; the last that it wrote was: File" in reason
    assert "in string_at" in reason


def is_gone(pid: int) -> bool:
    """Whether a process ends within two seconds; one that only waits to be reaped has ended."""
    for _ in range(40):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
