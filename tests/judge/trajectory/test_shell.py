"""Shell text is read into simple commands as a shell would split it, and nothing is run."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.trajectory.programs import inline_code, programs_of, tool_of
from judge.trajectory.shell import MOST_COMMANDS, Command, parse_session, parse_shell


def words(text: str) -> list[tuple[str, ...]]:
    return [command.words for command in parse_shell(text)]


def only(text: str) -> Command:
    (command,) = parse_shell(text)
    return command


def test_quoting_is_undone() -> None:
    assert words(r"""echo 'a  b' "c \"d\" \n" e\ f $'g\n' """) == [
        ("echo", "a  b", 'c "d" \\n', "e f", "g\n")
    ]


def test_operators_part_commands_and_are_kept() -> None:
    commands = parse_shell("a && b || c; d | e &\nf")
    assert [(c.name, c.joined) for c in commands] == [
        ("a", ""), ("b", "&&"), ("c", "||"), ("d", ";"), ("e", "|"), ("f", "&"),
    ]  # fmt: skip
    assert [c.name for c in commands if c.is_piped_on] == ["d"]
    assert [c.name for c in commands if c.is_background] == ["e"]


def test_a_here_document_belongs_to_its_command_and_is_no_command() -> None:
    first, second = parse_shell("cat > a.py <<'EOF'\nrm -rf $HOME\nEOF\nls")
    assert first.heredoc == "rm -rf $HOME\n"
    assert [(r.operator, r.target) for r in first.redirects] == [(">", "a.py"), ("<<", "EOF")]
    assert second.words == ("ls",)


def test_two_here_documents_of_one_line_are_told_apart() -> None:
    first, second = parse_shell("cat <<A > a; cat <<B > b\n1\nA\n2\nB\n")
    assert (first.heredoc, second.heredoc) == ("1\n", "2\n")


def test_a_here_document_with_tabs_and_one_that_never_ends() -> None:
    assert only("cat <<-E\n\ta\n\tE\n").heredoc == "a\n"
    assert only("cat <<E\na\nb").heredoc == "a\nb\n"


def test_a_comment_and_a_hash_within_a_word() -> None:
    assert words("echo a#b # no; rm x\nls") == [("echo", "a#b"), ("ls",)]


def test_a_line_that_goes_on() -> None:
    assert words("python a.py \\\n  --x 1") == [("python", "a.py", "--x", "1")]


def test_folders_follow_cd_and_leave_a_subshell() -> None:
    commands = parse_shell("cd src && ls; (cd deep; pwd); ls; cd /w\nls")
    assert [(c.name, c.folder) for c in commands if c.name != "cd"] == [
        ("ls", "src"), ("pwd", "src/deep"), ("ls", "src"), ("ls", "/w"),
    ]  # fmt: skip
    assert parse_session("cd a; (cd b)", "/w")[1] == "/w/a"


def test_a_cd_in_a_pipe_moves_nothing() -> None:
    assert parse_session("cd a | cat", "/w")[1] == "/w"


def test_wrappers_and_assignments_are_taken_off() -> None:
    assert words("A=1 sudo -u me timeout -k 5 60 python -u a.py") == [("python", "-u", "a.py")]
    assert words("poetry run python a.py; conda run -n env python b.py") == [
        ("python", "a.py"),
        ("python", "b.py"),
    ]


def test_known_variables_are_put_in_and_unknown_ones_stay() -> None:
    command = parse_shell('D=out; echo x > "$D/${D}.txt" $E')[-1]
    assert command.redirects[0].target == "out/out.txt"
    assert command.words == ("echo", "x", "$E")


def test_what_bash_c_and_substitutions_run_is_found() -> None:
    assert words("bash -lc 'cd a && python b.py'") == [("cd", "a"), ("python", "b.py")]
    assert ("python", "c.py") in words("X=$(python c.py | tail -1)")
    assert ("python", "d.py") in words("echo `python d.py`")
    assert ("ls",) in words("bash <<EOF\nls\nEOF")


def test_loops_and_conditions_give_their_commands() -> None:
    assert [w[:2] for w in words("if python a.py; then ls; else exit 1; fi")] == [
        ("python", "a.py"), ("ls",), ("exit", "1"),
    ]  # fmt: skip


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1), min_size=1))
def test_words_that_python_quotes_come_back(given_words: list[str]) -> None:
    text = "run " + " ".join(shlex.quote(word) for word in given_words)
    assert only(text).words == ("run", *given_words)


@given(st.text("ab '\"\\$`;&|<>()#\n{}=-EOF", max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert len(parse_shell(text)) <= MOST_COMMANDS


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("python src/train.py --epochs 3", ("src/train.py",)),
        ("python3.11 -u -W ignore ./src/train.py", ("src/train.py",)),
        ("/usr/bin/python3 /w/a.py", ("/w/a.py",)),
        ("cd src && python train.py", ("src/train.py",)),
        ("python -m src.train", ("src/train.py",)),
        ("cd /w && python -m pkg.sub.run", ("/w/pkg/sub/run.py",)),
        ("bash run.sh", ("run.sh",)),
        ("sh -e scripts/all.sh", ("scripts/all.sh",)),
        ("./run.sh x", ("run.sh",)),
        ("source env.sh", ("env.sh",)),
        ("jupyter nbconvert --to notebook --execute a.ipynb", ("a.ipynb",)),
        ("papermill in.ipynb out.ipynb", ("in.ipynb",)),
        ("streamlit run app.py --server.port 80", ("app.py",)),
        ("node app.js", ("app.js",)),
        ("Rscript a.R", ("a.R",)),
        ("uvicorn src.app:app --port 1", ("src/app.py",)),
        ("flask --app web run", ("web.py",)),
        ("torchrun --nproc_per_node 2 train.py", ("train.py",)),
        ("accelerate launch train.py", ("train.py",)),
        ("pytest tests/test_a.py::test_x -q", ("tests/test_a.py",)),
        ("go run main.go", ("main.go",)),
        ("python -m pip install numpy", ()),
        ("python -m venv x", ()),
        ("python -c 'print(1)'", ()),
        ("python - <<E\nprint(1)\nE", ()),
        ("python --version", ()),
        ("jupyter nbconvert --to html a.ipynb", ()),
        ("cat src/train.py", ()),
        ("echo python a.py", ()),
        ("npm start", ()),
    ],
)
def test_the_programs_that_a_command_starts(text: str, programs: tuple[str, ...]) -> None:
    assert programs_of(parse_shell(text)[-1]) == programs


def test_inline_code_is_the_text_that_python_runs() -> None:
    assert inline_code(only("python -uc 'x = 1'")) == "x = 1"
    assert inline_code(only("python3 - <<E\ny = 2\nE")) == "y = 2\n"
    assert inline_code(only("python a.py <<E\nanswer\nE")) is None


def test_python_m_pip_fails_as_pip_does() -> None:
    assert tool_of(only("/opt/bin/python -m pip install x")) == "pip"
    assert tool_of(only("python a.py -m pip")) == "python"
