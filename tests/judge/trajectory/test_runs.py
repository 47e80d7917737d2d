"""What ran and how it ended: by its exit status, else by what interpreters and tools print."""

from __future__ import annotations

import pytest

from judge.trajectory import Call, Step, Trajectory, last_run_of, runs
from tests.judge.trajectory.samples import python, shell, trajectory_of

TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/w/{file}", line 3, in <module>\n'
    "    main()\n"
    '  File "/w/lib.py", line 9, in main\n'
    '    raise KeyError("x")\n'
    "KeyError: 'x'"
)
PROMPT = "\n[Python Interpreter: /opt/bin/python]\nme@host:/w $ "


def ended(command: str, observation: str) -> tuple[str, str]:
    """How the one program of a command ended, and the failure."""
    (run,) = runs(trajectory_of(shell(command, observation)))
    return run.ended, run.failure


def with_status(status: int | None, command: str, observation: str = "") -> tuple[str, int | None]:
    call = Call("bash", {"command": command}, observation, exit_status=status)
    step = Step(0, action=command, observation=observation, calls=(call,))
    (run,) = runs(Trajectory("a", "atif", "x", (step,)))
    return run.ended, run.exit_status


@pytest.mark.parametrize(
    ("command", "observation", "failure"),
    [
        ("python a.py", "epoch 1\n" + TRACEBACK.format(file="a.py"), "KeyError: 'x'"),
        ("python a.py", TRACEBACK.format(file="a.py") + PROMPT, "KeyError: 'x'"),
        ("python a.py", '  File "/w/a.py", line 2\n    x = (\n        ^\nSyntaxError: bad input',
         "SyntaxError: bad input"),
        ("python a.py", "python: can't open file '/w/a.py': [Errno 2] No such file or directory",
         "python: can't open file '/w/a.py': [Errno 2] No such file or directory"),
        ("python -m src.a", "/usr/bin/python: No module named src.a",
         "/usr/bin/python: No module named src.a"),
        ("python a.py", "bash: python: command not found", "bash: python: command not found"),
        ("python a.py", "loading\nKilled", "Killed"),
        ("python a.py", "bash: line 1:  4711 Segmentation fault      (core dumped) python a.py",
         "bash: line 1:  4711 Segmentation fault      (core dumped) python a.py"),
        ("python a.py | tail -1", "ModuleNotFoundError: No module named 'x'",
         "ModuleNotFoundError: No module named 'x'"),
        ("cd nowhere && python a.py", "bash: cd: nowhere: No such file or directory",
         "bash: cd: nowhere: No such file or directory"),
        ("python a.py", "[Command timed out after 120 seconds]", "[Command timed out after 120 "
                                                                "seconds]"),
        ("node app.js", "node:internal/modules/cjs/loader:936\n  throw err;\n  ^\n\n"
                        "Error: Cannot find module './x'\n    at f (a.js:1:1)",
         "Error: Cannot find module './x'"),
        ("bash run.sh", "run.sh: line 3: conda: command not found",
         "run.sh: line 3: conda: command not found"),
        ("go run main.go", "panic: runtime error: index out of range\n\ngoroutine 1 [running]:",
         "panic: runtime error: index out of range"),
        ("pytest tests/test_a.py", "E   AssertionError\n===== 1 failed, 3 passed in 0.1s =====",
         "E   AssertionError"),
        ("python a.py", "\x1b[31mTraceback (most recent call last):\x1b[0m\n"
                        '  File "a.py", line 1\nMyFailure: no luck', "MyFailure: no luck"),
    ],
)  # fmt: skip
def test_a_failure_is_told_by_what_is_printed(command: str, observation: str, failure: str) -> None:
    assert ended(command, observation) == ("failed", failure)


@pytest.mark.parametrize(
    "observation",
    [
        "model    accuracy  error\nsvm      0.91      0.09",
        "Mean error: 0.3\nError rate: 2 %",
        "errors=0 failed=0\nNo errors were found.",
        "Training failed fold count: 0",
        "/usr/lib/x.py:3: UserWarning: deprecated\n  warnings.warn('x')",
        "FutureWarning: the default will change\nloss: 0.3",
        "ValueError rows skipped: 3\ndone",
        "Exception ignored in: <function f at 0x7f>\nTraceback (most recent call last):\n"
        '  File "x.py", line 1, in f\nTypeError: x',
        "File not found: using the default\nfatal flaws: none",
        f"result: 3{PROMPT}",
        "",
    ],
)
def test_words_in_a_programs_own_output_are_no_failure(observation: str) -> None:
    assert ended("python a.py", observation) == ("ok", "")


def test_a_command_without_an_answer_ended_somehow() -> None:
    step = Step(0, action="Running command: python a.py", is_answered=False)
    (run,) = runs(Trajectory("a", "devai", "x", (step,)))
    assert run.ended == "unknown"


def test_what_is_hidden_or_in_the_background_ended_somehow() -> None:
    for command in ("python a.py &> log.txt", "python a.py 2> /dev/null", "nohup python a.py &"):
        assert ended(command, "") == ("unknown", "")


def test_an_exit_status_tells_more_than_the_output() -> None:
    caught = "handled:\n" + TRACEBACK.format(file="a.py") + "\ndone"
    assert with_status(0, "python a.py", caught) == ("ok", 0)
    assert with_status(3, "python a.py", "all fine") == ("failed", 3)
    assert with_status(-1, "python a.py", "") == ("unknown", -1)


def test_an_exit_status_of_a_later_command_says_nothing_of_the_program() -> None:
    assert with_status(0, "python a.py; echo done", TRACEBACK.format(file="a.py"))[0] == "failed"
    assert with_status(1, "python a.py; grep x log", "done")[0] == "ok"
    assert with_status(0, "python a.py && echo done", "done") == ("ok", 0)


def test_an_exit_status_that_the_environment_writes_into_the_text_is_read() -> None:
    text = "boom\n[The command completed with exit code 2.]"
    (run,) = runs(trajectory_of(shell("python a.py", text)))
    assert (run.ended, run.exit_status, run.failure) == ("failed", 2, "boom")
    printed = "[The command completed with exit code 0.]\n" + TRACEBACK.format(file="a.py")
    assert ended("python a.py", printed)[0] == "failed"


def test_a_success_that_a_program_prints_for_itself_does_not_hide_its_failure() -> None:
    text = TRACEBACK.format(file="a.py") + "\n[The command completed with exit code 0.]"
    assert ended("python a.py", text)[0] == "failed"


def test_of_two_programs_the_one_that_the_traceback_names_failed() -> None:
    text = "made data\n" + TRACEBACK.format(file="b.py")
    found = runs(trajectory_of(shell("python a.py && python b.py", text)))
    assert [(r.programs, r.ended) for r in found] == [(("a.py",), "ok"), (("b.py",), "failed")]


def test_what_stood_behind_a_failed_program_never_ran() -> None:
    text = TRACEBACK.format(file="a.py")
    found = runs(trajectory_of(shell("python a.py && python b.py", text)))
    assert [(r.programs, r.ended) for r in found] == [(("a.py",), "failed")]
    found = runs(trajectory_of(shell("python a.py; python b.py", text + "\nb is done")))
    assert [(r.programs, r.ended) for r in found] == [(("a.py",), "failed"), (("b.py",), "ok")]


def test_where_nothing_tells_which_of_two_failed_neither_is_sure() -> None:
    found = runs(trajectory_of(shell("python a.py; python b.py", "Killed")))
    assert [r.ended for r in found] == ["unknown", "unknown"]


def test_a_later_success_is_the_last_word_on_a_program() -> None:
    trajectory = trajectory_of(
        shell("python src/a.py", TRACEBACK.format(file="src/a.py")),
        shell("cd src && python a.py", "done"),
        shell("python b.py", TRACEBACK.format(file="b.py")),
    )
    last = last_run_of(trajectory, "src/a.py")
    assert last is not None and (last.step, last.ended) == (1, "ok")
    assert last_run_of(trajectory, "a.py") is None
    other = last_run_of(trajectory, "b.py")
    assert other is not None and other.failure == "KeyError: 'x'"


def test_code_typed_in_runs_too() -> None:
    failed = (
        "-----\nNameError      Traceback (most recent call last)\nCell In[1], line 1\n"
        "----> 1 x\n\nNameError: name 'x' is not defined"
    )
    first, second = runs(trajectory_of(python("x", failed), python("%run src/a.py\nprint(1)", "1")))
    assert (first.ended, first.failure) == ("failed", "NameError: name 'x' is not defined")
    assert (second.ended, second.programs) == ("ok", ("src/a.py",))


def test_commands_without_a_program_are_runs_as_well() -> None:
    first, second = runs(
        trajectory_of(
            shell("pip install nope", "ERROR: No matching distribution found for nope"),
            shell("ls", "a.py"),
        )
    )
    assert (first.programs, first.ended) == ((), "failed")
    assert first.failure == "ERROR: No matching distribution found for nope"
    assert (second.command, second.ended) == ("ls", "ok")


def test_a_server_that_was_stopped_by_a_time_limit_did_not_fail() -> None:
    assert ended("streamlit run app.py", "You can view it at http://localhost\n"
                 "[Command timed out after 30 seconds]")[0] == "unknown"  # fmt: skip
    assert ended("streamlit run app.py", TRACEBACK.format(file="app.py"))[0] == "failed"


def test_a_script_that_was_typed_runs_what_it_starts() -> None:
    script = shell("cat > run.sh <<'E'\nset -e\ncd src\npython train.py\nE")
    trajectory = trajectory_of(script, shell("bash run.sh", "done"))
    run = last_run_of(trajectory, "src/train.py")
    assert run is not None and (run.step, run.ended) == (1, "ok")
    assert run.programs == ("run.sh", "src/train.py")
    main = shell("cat > main.py <<'E'\nimport subprocess, sys\n"
                 "subprocess.run([sys.executable, 'src/a.py'], check=True)\nE")  # fmt: skip
    trajectory = trajectory_of(main, shell("python main.py", "done"))
    assert last_run_of(trajectory, "src/a.py") == last_run_of(trajectory, "main.py")


def test_scripts_that_start_each_other_are_read_once() -> None:
    typed = (shell("echo 'bash b.sh' > a.sh"), shell("echo 'bash a.sh' > b.sh"))
    (run,) = runs(trajectory_of(*typed, shell("bash a.sh", "done")))[2:]
    assert run.programs == ("a.sh", "b.sh")


def test_an_editing_tool_runs_nothing() -> None:
    call = Call("Write", {"file_path": "a.py", "content": "import os"}, "ok")
    step = Step(0, action="Calling tool: Write", calls=(call,))
    assert runs(Trajectory("a", "claude-code", "x", (step,))) == ()
