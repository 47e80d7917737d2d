"""Which step wrote a path, by what, and what it typed into it."""

from __future__ import annotations

import json

import pytest

from judge.trajectory import Call, Step, Trajectory, writes
from tests.judge.trajectory.samples import python, shell, trajectory_of


def told(*done: tuple[str, str]) -> list[tuple[str, str, str | None]]:
    """The path, manner and content of every write."""
    return [(w.path, w.how, w.content) for w in writes(trajectory_of(*done))]


def by_tool(name: str, observation: str = "", **arguments: str) -> Trajectory:
    call = Call(name, arguments, observation)
    step = Step(0, action="called", observation=observation, calls=(call,))
    return Trajectory("a", "atif", "x", (step,), folder="/work")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cat > a.txt <<'EOF'\none\ntwo\nEOF", ("a.txt", "heredoc", "one\ntwo\n")),
        ("cat <<EOF > a.txt\none\nEOF", ("a.txt", "heredoc", "one\n")),
        ("cat <<EOF | tee a.txt\none\nEOF", ("a.txt", "redirect", None)),
        ("tee a.txt <<EOF\none\nEOF", ("a.txt", "heredoc", "one\n")),
        ("echo hello > a.txt", ("a.txt", "redirect", "hello\n")),
        ("echo -n hello > a.txt", ("a.txt", "redirect", "hello")),
        ("echo -e 'a\\nb' > a.txt", ("a.txt", "redirect", "a\nb\n")),
        ("printf 'acc,%s\\n' 0.9 > a.csv", ("a.csv", "redirect", "acc,0.9\n")),
        ("> a.txt", ("a.txt", "redirect", "")),
        ("touch a.txt", ("a.txt", "redirect", "")),
        ("ls > a.txt", ("a.txt", "redirect", None)),
        ("sort b.txt >> a.txt", ("a.txt", "redirect", None)),
        ("python train.py > a.log 2>&1", ("a.log", "program", None)),
        ("python -c 'print(1)' > a.txt", ("a.txt", "python", None)),
        ("cp b.txt a.txt", ("a.txt", "copy", None)),
        ("mv out/b.txt results/", ("results/b.txt", "copy", None)),
        ("cp b.txt c.txt results", ("results/b.txt", "copy", None)),
        ("cp b.txt .", ("b.txt", "copy", None)),
        ("sed -i 's/a/b/' a.txt", ("a.txt", "editor", None)),
        ("wget https://x.org/d/a.csv", ("a.csv", "download", None)),
        ("wget -q -O data/a.csv https://x.org/b", ("data/a.csv", "download", None)),
        ("wget -P data https://x.org/a.csv?x=1", ("data/a.csv", "download", None)),
        ("curl -sLo a.csv https://x.org/b", ("a.csv", "download", None)),
        ("curl -LO https://x.org/a.csv", ("a.csv", "download", None)),
        ("curl https://x.org/b > a.csv", ("a.csv", "download", None)),
        ("git clone https://x.org/me/repo.git", ("repo/", "download", None)),
        ("git clone --depth 1 https://x.org/me/repo lib", ("lib/", "download", None)),
        ("unzip -q a.zip -d data", ("data/", "program", None)),
        ("pandoc a.md -o a.pdf", ("a.pdf", "program", None)),
    ],
)
def test_what_a_shell_command_writes(command: str, expected: tuple[str, str, str | None]) -> None:
    assert told(shell(command))[0] == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("open('a.txt', 'w').write('hi')", ("a.txt", "python", "hi")),
        ("with open('a.txt', 'w') as f:\n    f.write('a')\n    f.write('b')",
         ("a.txt", "python", "ab")),
        ("with open('a.txt', mode='w') as f:\n    f.write(str(score()))",
         ("a.txt", "python", None)),
        ("with open('a.txt', 'w') as f:\n    print('acc', 0.9, file=f)",
         ("a.txt", "python", "acc 0.9\n")),
        ("from pathlib import Path\nPath('d/a.txt').write_text('x')", ("d/a.txt", "python", "x")),
        ("from pathlib import Path\np = Path('d') / 'a.txt'\np.write_text(f())",
         ("d/a.txt", "python", None)),
        ("import os\nopen(os.path.join('d', 'a.txt'), 'w').close()", ("d/a.txt", "python", "")),
        ("import json\njson.dump({'acc': 0.97}, open('m.json', 'w'))",
         ("m.json", "python", '{"acc": 0.97}')),
        ("import json\njson.dump(scores, open('m.json', 'w'))", ("m.json", "python", None)),
        ("df.to_csv('a.csv', index=False)", ("a.csv", "python", None)),
        ("import matplotlib.pyplot as plt\nplt.savefig('f/a.png')", ("f/a.png", "python", None)),
        ("import torch\ntorch.save(model.state_dict(), 'm.pt')", ("m.pt", "python", None)),
        ("import joblib\njoblib.dump(model, 'm.joblib')", ("m.joblib", "python", None)),
        ("import numpy as np\nnp.save('x.npy', x)", ("x.npy", "python", None)),
        ("from urllib.request import urlretrieve\nurlretrieve('http://x.org/a', 'a.csv')",
         ("a.csv", "download", None)),
        ("import shutil\nshutil.copy('a.txt', 'b.txt')", ("b.txt", "copy", None)),
        ("import base64\npng = 'iVBORw0='\nopen('a.png', 'wb').write(base64.b64decode(png))",
         ("a.png", "python", "iVBORw0=")),
        ("!echo hi > a.txt", ("a.txt", "redirect", "hi\n")),
        ("import os\nos.system('cp a b.txt')", ("b.txt", "copy", None)),
        ("import subprocess\nsubprocess.run(['touch', 'a b.txt'])", ("a b.txt", "redirect", "")),
    ],
)  # fmt: skip
def test_what_python_typed_in_writes(code: str, expected: tuple[str, str, str | None]) -> None:
    assert told(python(code, "done")) == [expected]
    if not code.startswith("!"):
        assert told(shell(f"python - <<'E'\n{code}\nE", "done")) == [expected]


def test_reading_is_not_writing() -> None:
    code = "x = open('a.txt').read()\nimport pandas as pd\ndf = pd.read_csv('b.csv')\nprint(df)"
    assert told(python(code), shell("cat a.txt; head -3 b.csv; ls -l > /dev/null 2>&1")) == []


@pytest.mark.parametrize(
    ("name", "arguments", "content"),
    [
        ("str_replace_editor", {"command": "create", "path": "/work/a.py", "file_text": "x"}, "x"),
        ("str_replace_editor",
         {"command": "str_replace", "path": "/work/a.py", "old_str": "x", "new_str": "y"}, "y"),
        ("str_replace_based_edit_tool",
         {"command": "insert", "path": "/work/a.py", "insert_line": "1", "insert_text": "z"}, "z"),
        ("Write", {"file_path": "/work/a.py", "content": "x"}, "x"),
        ("Edit", {"file_path": "/work/a.py", "old_string": "x", "new_string": "y"}, "y"),
        ("MultiEdit", {"file_path": "/work/a.py",
                       "edits": json.dumps([{"old_string": "x", "new_string": "y"}])}, "y"),
        ("write_to_file", {"path": "a.py", "content": "x"}, "x"),
        ("mcp__files__write_file", {"path": "a.py", "content": "x"}, "x"),
        ("apply_patch",
         {"input": "*** Begin Patch\n*** Add File: a.py\n+x\n+y\n*** End Patch"}, "x\ny\n"),
    ],
)  # fmt: skip
def test_what_an_editing_tool_writes(name: str, arguments: dict[str, str], content: str) -> None:
    (write,) = writes(by_tool(name, "ok", **arguments))
    assert (write.path, write.how, write.content) == ("a.py", "editor", content)


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("str_replace_editor", {"command": "view", "path": "/work/a.py"}, "1 x"),
        ("Read", {"file_path": "/work/a.py"}, "x"),
        ("str_replace_editor",
         {"command": "str_replace", "path": "/work/a.py", "old_str": "x", "new_str": "y"},
         "No replacement was performed, old_str `x` did not appear verbatim in /work/a.py."),
        ("Edit", {"file_path": "/work/a.py", "old_string": "x", "new_string": "y"},
         "<tool_use_error>String to replace not found in file.</tool_use_error>"),
    ],
)  # fmt: skip
def test_a_tool_that_looks_or_fails_writes_nothing(
    name: str, arguments: dict[str, str], answer: str
) -> None:
    assert writes(by_tool(name, answer, **arguments)) == ()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("wget https://x.org/a.csv", "x.org... failed: Name or service not known.\nwget: unable to "
                                     "resolve host address 'x.org'"),
        ("curl -o a.csv https://x.org/a", "curl: (6) Could not resolve host: x.org"),
        ("git clone https://x.org/r.git", "fatal: unable to access 'https://x.org/r.git/'"),
        ("cp b.txt a.txt", "cp: cannot stat 'b.txt': No such file or directory"),
        ("echo x > none/a.txt", "bash: none/a.txt: No such file or directory"),
        ("pandoc a.md -o a.pdf", "pdflatex not found. Please select a different --pdf-engine"),
        ("python -c \"open('a.txt','w').write('x'); 1/0\"",
         'Traceback (most recent call last):\n  File "<string>", line 1, in <module>\n'
         "ZeroDivisionError: division by zero"),
    ],
)  # fmt: skip
def test_what_failed_wrote_nothing(command: str, answer: str) -> None:
    assert told(shell(command, answer)) == []


def test_openhands_editing_functions_write() -> None:
    code = 'CODE = """import os\n"""\n\ninsert_content_at_line(\'src/a.py\', 1, CODE)'
    assert told(python(code, "[File: /workspace/src/a.py (1 lines total)]")) == [
        ("src/a.py", "editor", "import os\n")
    ]
    assert told(python("create_file('a.md')", "[File a.md created.]")) == [("a.md", "editor", "")]


def test_swe_agents_editor_writes_to_the_file_that_is_open() -> None:
    opened = ("open src/a.py", "[File: /repo/src/a.py (3 lines total)]\n1:x")
    edited = ("edit 1:1\ny = 2\nend_of_edit", "[File: /repo/src/a.py (3 lines total)]\n1:y = 2")
    steps = tuple(Step(n, action=a, observation=o) for n, (a, o) in enumerate([opened, edited]))
    trajectory = Trajectory("a", "swe-agent", "x", steps, folder="/repo")
    assert [(w.step, w.path, w.content) for w in writes(trajectory)] == [(1, "src/a.py", "y = 2")]


def test_an_openhands_file_write_action_writes() -> None:
    action = "**FileWriteAction**\nPath: src/a.py\nRange: [L0:L-1]\nContent:\n```\nx = 1\n```\n"
    assert told((action, "")) == [("src/a.py", "editor", "x = 1")]


def test_touching_a_file_that_has_content_writes_nothing() -> None:
    assert told(shell("echo x > a.txt"), shell("touch a.txt")) == [("a.txt", "redirect", "x\n")]


def test_a_copy_carries_the_content_that_is_known() -> None:
    assert told(shell("echo x > a.txt"), shell("cp a.txt b.txt"))[-1] == ("b.txt", "copy", "x\n")


PROGRAM = """import json
from pathlib import Path
ROOT = Path(__file__).resolve().parent.parent

def unused():
    open("never.txt", "w").write("x")

def draw(matrix, path):
    plt.savefig(path, dpi=60)

def main():
    json.dump(scores(), open(ROOT / "results" / "m.json", "w"))
    draw(1, ROOT / "results" / "a.png")

if __name__ == "__main__":
    main()
"""


def test_a_program_that_ran_writes_what_its_reached_code_says() -> None:
    typed = shell(f"cat > src/train.py <<'EOF'\n{PROGRAM}EOF")
    found = writes(trajectory_of(typed, shell("python src/train.py", "done")))
    assert [(w.step, w.path, w.how) for w in found if w.how == "program"] == [
        (1, "results/m.json", "program"),
        (1, "results/a.png", "program"),
    ]


def test_a_program_that_failed_or_never_ran_writes_nothing() -> None:
    typed = shell(f"cat > src/train.py <<'EOF'\n{PROGRAM}EOF")
    failed = 'Traceback (most recent call last):\n  File "src/train.py", line 1\nNameError: x'
    for after in (shell("python src/train.py", failed), shell("ls", "src")):
        assert {w.how for w in writes(trajectory_of(typed, after))} == {"heredoc"}


def test_modules_that_a_program_imports_write_too() -> None:
    module = shell(
        "cat > src/report.py <<'E'\ndef write():\n    open('r.md', 'w').write(text())\nE"
    )
    main = shell("cat > main.py <<'E'\nfrom src.report import write\nwrite()\nE")
    found = writes(trajectory_of(module, main, shell("python main.py", "ok")), "r.md")
    assert [(w.step, w.how) for w in found] == [(2, "program")]


def test_a_notebook_that_was_executed_writes_what_its_cells_say() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["open('no.txt', 'w')"]},
        {"cell_type": "code", "source": ["import numpy as np\n", "np.save('x.npy', f())"]},
    ]
    call = Call("Write", {"file_path": "a.ipynb", "content": json.dumps({"cells": cells})}, "ok")
    run = "Running command: jupyter nbconvert --to notebook --execute a.ipynb"
    steps = (Step(0, action="Write", calls=(call,)), Step(1, action=run, observation="written"))
    found = writes(Trajectory("a", "claude-code", "x", steps))
    assert [(w.step, w.path, w.how) for w in found] == [
        (0, "a.ipynb", "editor"), (1, "x.npy", "program"),
    ]  # fmt: skip


class TestPaths:
    """A workspace path is told from files of the same name elsewhere."""

    def steps_that_write(self, path: str, *done: tuple[str, str]) -> list[int]:
        return [w.step for w in writes(trajectory_of(*done), path)]

    def test_a_file_of_that_name_in_another_folder_is_another_file(self) -> None:
        done = (shell("echo 1 > old/train.py"), shell("echo 2 > train.py"),
                shell("echo 3 > src/train.py"))  # fmt: skip
        assert self.steps_that_write("train.py", *done) == [1]
        assert self.steps_that_write("src/train.py", *done) == [2]
        assert self.steps_that_write("./src//train.py", *done) == [2]
        assert self.steps_that_write("in.py", *done) == []

    def test_absolute_paths_count_from_the_folder_that_the_prompt_shows(self) -> None:
        prompt = "\nopenhands@1a2b:/workspace $ "
        done = (shell("ls", f"a{prompt}"), shell("echo 1 > /workspace/src/a.py", prompt),
                shell("echo 2 > /workspace/old/src/a.py", prompt))  # fmt: skip
        assert self.steps_that_write("src/a.py", *done) == [1]
        assert self.steps_that_write("old/src/a.py", *done) == [2]

    def test_the_prompt_tells_where_a_later_step_begins(self) -> None:
        inside = "\nme@host:/workspace/src $ "
        done = (shell("ls", "\nme@host:/workspace $ "), shell("cd src", inside),
                shell("echo 1 > a.py", inside))  # fmt: skip
        assert self.steps_that_write("src/a.py", *done) == [2]
        assert self.steps_that_write("a.py", *done) == []

    def test_a_first_step_that_moves_does_not_move_the_root(self) -> None:
        done = (shell("cd src && echo 1 > a.py", "\nme@host:/workspace/src $ "),
                shell("echo 2 > b.py", "\nme@host:/workspace/src $ "))  # fmt: skip
        assert self.steps_that_write("src/a.py", *done) == [0]
        assert self.steps_that_write("src/b.py", *done) == [1]

    def test_without_a_prompt_the_root_is_what_absolute_paths_share(self) -> None:
        done = (shell("echo 1 > /tmp/x/task/src/a.py"), shell("echo 2 > /tmp/x/task/results/m.txt"))
        assert self.steps_that_write("src/a.py", *done) == [0]
        assert self.steps_that_write("results/m.txt", *done) == [1]
        assert self.steps_that_write("a.py", *done) == []

    def test_one_absolute_path_alone_is_cut_where_projects_have_their_folders(self) -> None:
        done = (shell("echo 1 > /workspace/src/a.py"),)
        assert self.steps_that_write("src/a.py", *done) == [0]
        assert self.steps_that_write("a.py", *done) == []

    def test_a_project_folder_that_the_agent_made_for_itself(self) -> None:
        done = (shell("mkdir proj; echo 1 > proj/src/a.py"), shell("echo 2 > proj/run.py"))
        assert self.steps_that_write("src/a.py", *done) == [0]
        assert self.steps_that_write("proj/src/a.py", *done) == [0]
        assert self.steps_that_write("run.py", *done) == [1]

    def test_a_cloned_folder_holds_its_files(self) -> None:
        done = (shell("git clone https://x.org/r.git", "Cloning into 'r'..."),
                shell("echo x > a.txt"))  # fmt: skip
        assert self.steps_that_write("r/src/a.py", *done) == [0]
        assert self.steps_that_write("rest/a.py", *done) == []

    def test_paths_that_are_none_are_not_written(self) -> None:
        done = (shell("echo 1 > '" + "a" * 5_000 + "'"), shell("echo 1 > $'a\\nb'"))
        assert told(*done) == []
