"""Citations hold only when code finds them; a verdict keeps what holds and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from judge.evidence import check_citation, missing, verified
from judge.trajectory import Step, Trajectory
from judge.workspace import Limits, Workspace
from results.records import (
    ArtifactEvidence,
    Evidence,
    ExecutionEvidence,
    FileEvidence,
    Outcome,
    TrajectoryEvidence,
    Usage,
    Verdict,
)

LINES = [f"value_{number} = {number}" for number in range(1, 31)]
TRAJECTORY = Trajectory(
    "a",
    "devai",
    "t.json",
    (
        Step(
            4,
            thought="I think that the accuracy is 0.99.",
            action="Running command: python src/train.py",
            observation="epoch  1\naccuracy: 0.91",
            user_message="Reach 0.95, please.",
        ),
        Step(5, action="Running command: ls", observation="a.txt"),
        Step(6, thought="Done."),
    ),
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "workspace"
    (root / "src").mkdir(parents=True)
    (root / "results").mkdir()
    (root / "empty").mkdir()
    (root / "src" / "train.py").write_text("\n".join(LINES) + "\n")
    (root / "src" / "short.py").write_text("def fit(x):\n    return  model . fit( x )\n")
    (root / "src" / "café.md").write_text("Das Modell läuft gut.\n模型 训练 完成\n")
    (root / "src" / "crlf.txt").write_bytes(b"first line\r\nsecond line\r\nthird line\r\n")
    (root / "src" / "feed.txt").write_text("one\fpage two\nnext line here\n")
    (root / "results" / "empty.pt").write_bytes(b"")
    picture = Image.new("RGB", (64, 48))
    picture.putdata([(x * 3 % 256, x * 7 % 256, x % 256) for x in range(64 * 48)])
    picture.save(root / "results" / "plot.png")
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Title of it\n", "text"]},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "outputs": [],
            "source": ["import os\n", "model.fit(features, labels)"],
        },
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (root / "a.ipynb").write_text(json.dumps(notebook, indent=1))
    return Workspace.open(root)


def file(path: str, start: int, end: int, quote: str) -> FileEvidence:
    return FileEvidence(path=path, start_line=start, end_line=end, quote=quote)


def verdict(outcome: Outcome, *evidence: Evidence) -> Verdict:
    return Verdict(
        task="t",
        requirement_id=0,
        outcome=outcome,
        confidence=0.9,
        reason="because",
        evidence=evidence,
        usage=Usage(calls=2, input_tokens=5),
        seconds=1.5,
    )


class TestFileQuotes:
    @pytest.mark.parametrize("line", [8, 9, 10, 11, 12])
    def test_a_quote_holds_in_its_line_and_two_lines_around_it(
        self, workspace: Workspace, line: int
    ) -> None:
        assert check_citation(file("src/train.py", line, line, LINES[9]), workspace, None) is None

    @pytest.mark.parametrize("line", [7, 13])
    def test_three_lines_away_it_does_not_and_its_place_is_told(
        self, workspace: Workspace, line: int
    ) -> None:
        assert check_citation(file("src/train.py", line, line, LINES[9]), workspace, None) == (
            f"The quote stands in 'src/train.py' at line 10, not in line {line}."
        )

    def test_a_quote_may_span_lines_and_its_white_space_is_folded(
        self, workspace: Workspace
    ) -> None:
        spanning = "value_4 =  4\n\n   value_5\t= 5 value_6 = 6"
        assert check_citation(file("src/train.py", 4, 6, spanning), workspace, None) is None
        folded = "def fit(x): return model . fit( x )"
        assert check_citation(file("src/short.py", 1, 2, folded), workspace, None) is None

    def test_white_space_is_folded_and_never_dropped(self, workspace: Workspace) -> None:
        found = check_citation(file("src/short.py", 2, 2, "model.fit(x)"), workspace, None)
        assert found == (
            "The quote does not stand in 'src/short.py'; line 2 holds: 'return model . fit( x )'."
        )

    def test_a_changed_word_does_not_hold(self, workspace: Workspace) -> None:
        for quote in ("value_9 = 10", "Value_9 = 9", "value_9 = 9 value_11 = 11"):
            assert check_citation(file("src/train.py", 9, 9, quote), workspace, None) is not None

    def test_the_place_of_a_quote_over_several_lines_is_its_first(
        self, workspace: Workspace
    ) -> None:
        spanning = "= 20\nvalue_21"
        assert check_citation(file("src/train.py", 1, 2, spanning), workspace, None) == (
            "The quote stands in 'src/train.py' at line 20, not in lines 1 to 2."
        )

    @pytest.mark.parametrize("quote", ["", " \n\t", "=", "(x)", "...", "x)", "{}[]()!?", "9"])
    def test_what_shows_nothing_does_not_hold(self, workspace: Workspace, quote: str) -> None:
        found = check_citation(file("src/short.py", 1, 2, quote), workspace, None)
        assert found == "The quote from 'src/short.py' is too short to show anything."

    def test_letters_of_any_script_and_both_forms_of_accents_hold(
        self, workspace: Workspace
    ) -> None:
        assert check_citation(file("src/café.md", 1, 1, "läuft gut"), workspace, None) is None
        assert check_citation(file("src/café.md", 1, 1, "la\u0308uft gut"), workspace, None) is None
        assert check_citation(file("src/café.md", 2, 2, "模型 训练"), workspace, None) is None
        no_break = "Das\u00a0Modell"
        assert check_citation(file("src/café.md", 1, 1, no_break), workspace, None) is None

    def test_line_ends_of_every_kind_count(self, workspace: Workspace) -> None:
        assert check_citation(file("src/crlf.txt", 1, 2, "line second"), workspace, None) is None
        assert check_citation(file("src/feed.txt", 2, 2, "next line here"), workspace, None) is None

    def test_lines_beyond_the_end_are_told(self, workspace: Workspace) -> None:
        found = check_citation(file("src/short.py", 10, 12, "no such words"), workspace, None)
        assert found == "'src/short.py' has only 2 lines, and the quote is in none of them."

    def test_lines_that_run_backwards_do_not_hold(self, workspace: Workspace) -> None:
        found = check_citation(file("src/train.py", 9, 3, LINES[5]), workspace, None)
        assert found == "The lines 9 to 3 of 'src/train.py' run backwards."

    @pytest.mark.parametrize(
        "path",
        ["src/none.py", "../workspace/src/train.py", "/etc/passwd", "src/../src/train.py", "",
         "src\0/train.py", "~/x", "x" * 10_000, "\ud800"],
    )  # fmt: skip
    def test_a_path_that_is_no_file_of_the_workspace_does_not_hold(
        self, workspace: Workspace, path: str
    ) -> None:
        evidence = FileEvidence.model_construct(
            kind="file", path=path, start_line=1, end_line=10**40, quote="value_1 = 1"
        )
        found = check_citation(evidence, workspace, None)
        assert found is not None and len(found) < 400
        found.encode()

    def test_a_folder_is_no_file(self, workspace: Workspace) -> None:
        found = check_citation(file("src", 1, 1, "value_1 = 1"), workspace, None)
        assert found == "'src' is a folder."

    def test_a_leading_dot_is_the_root(self, workspace: Workspace) -> None:
        assert check_citation(file("./src/train.py", 1, 1, LINES[0]), workspace, None) is None

    def test_a_notebook_is_quoted_by_its_cells_or_by_its_raw_text(
        self, workspace: Workspace
    ) -> None:
        joined = "import os\nmodel.fit(features, labels)"
        assert check_citation(file("a.ipynb", 4, 5, joined), workspace, None) is None
        raw = workspace.text("a.ipynb")
        assert raw is not None
        number = next(n for n, line in enumerate(raw.split("\n"), 1) if "model.fit" in line)
        quoted = '"model.fit(features, labels)"'
        assert check_citation(file("a.ipynb", number, number, quoted), workspace, None) is None

    def test_a_document_is_quoted_by_the_text_that_was_read_from_it(self, tmp_path: Path) -> None:
        docx = pytest.importorskip("docx")
        document = docx.Document()
        document.add_paragraph("The model reaches an accuracy of 0.91.")
        document.save(str(tmp_path / "report.docx"))
        workspace = Workspace.open(tmp_path)
        said = file("report.docx", 1, 1, "an accuracy of 0.91")
        assert check_citation(said, workspace, None) is None
        other = file("report.docx", 1, 1, "an accuracy of 0.99")
        assert check_citation(other, workspace, None) is not None

    def test_a_picture_has_no_text_to_quote(self, workspace: Workspace) -> None:
        found = check_citation(file("results/plot.png", 1, 1, "a curve"), workspace, None)
        assert found is not None and "results/plot.png" in found

    @settings(
        max_examples=80,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        start=st.integers(1, 40),
        length=st.integers(0, 5),
        first=st.integers(0, 29),
        count=st.integers(1, 4),
    )
    def test_a_whole_line_quote_holds_exactly_within_the_window(
        self, workspace: Workspace, start: int, length: int, first: int, count: int
    ) -> None:
        quoted = LINES[first : first + count]
        evidence = file("src/train.py", start, start + length, "\n".join(quoted))
        is_within = start - 2 <= first + 1 and first + len(quoted) <= start + length + 2
        assert (check_citation(evidence, workspace, None) is None) == is_within


class TestTrajectoryQuotes:
    @pytest.mark.parametrize("quote", ["epoch 1 accuracy: 0.91", "python src/train.py", "0.91"])
    def test_a_quote_of_an_action_or_an_observation_holds(
        self, workspace: Workspace, quote: str
    ) -> None:
        evidence = TrajectoryEvidence(step=4, quote=quote)
        assert check_citation(evidence, workspace, TRAJECTORY) is None

    @pytest.mark.parametrize("quote", ["the accuracy is 0.99", "Reach 0.95"])
    def test_what_was_only_said_shows_nothing(self, workspace: Workspace, quote: str) -> None:
        evidence = TrajectoryEvidence(step=4, quote=quote)
        assert check_citation(evidence, workspace, TRAJECTORY) == (
            "The quote stands in step 4 only in what was said, not in an action or an observation,"
            " so it shows nothing."
        )

    def test_a_quote_of_another_step_is_told(self, workspace: Workspace) -> None:
        evidence = TrajectoryEvidence(step=5, quote="accuracy: 0.91")
        assert check_citation(evidence, workspace, TRAJECTORY) == (
            "The quote stands in step 4, not in step 5."
        )

    def test_a_quote_of_no_step_is_told_what_the_step_holds(self, workspace: Workspace) -> None:
        evidence = TrajectoryEvidence(step=5, quote="accuracy: 0.92")
        assert check_citation(evidence, workspace, TRAJECTORY) == (
            "The quote does not stand in step 5, which holds: 'a.txt'."
        )
        evidence = TrajectoryEvidence(step=6, quote="accuracy: 0.92")
        assert check_citation(evidence, workspace, TRAJECTORY) == (
            "The quote does not stand in step 6, which has no action and no observation."
        )

    @pytest.mark.parametrize("step", [0, -1, 7, 10**30])
    def test_a_step_that_is_not_there(self, workspace: Workspace, step: int) -> None:
        evidence = TrajectoryEvidence(step=step, quote="accuracy: 0.91")
        assert check_citation(evidence, workspace, TRAJECTORY) == (
            f"The trajectory has no step {step}: its steps go from 4 to 6."
        )

    def test_without_a_trajectory_no_step_can_be_cited(self, workspace: Workspace) -> None:
        evidence = TrajectoryEvidence(step=4, quote="accuracy: 0.91")
        assert check_citation(evidence, workspace, None) == (
            "A trajectory step is cited, and there is no trajectory."
        )

    def test_a_quote_across_action_and_observation_does_not_hold(
        self, workspace: Workspace
    ) -> None:
        evidence = TrajectoryEvidence(step=4, quote="src/train.py epoch 1")
        assert check_citation(evidence, workspace, TRAJECTORY) is not None


class TestArtifacts:
    def holds(self, workspace: Workspace, path: str, fact: str) -> bool:
        evidence = ArtifactEvidence(path=path, fact=fact)
        return check_citation(evidence, workspace, None) is None

    def test_what_was_measured_holds_whole_and_in_parts(self, workspace: Workspace) -> None:
        summary = workspace.artifact("results/plot.png").summary()
        assert "64 x 48 pixels" in summary
        for fact in (summary, "64 x 48 pixels", "64  x 48\npixels", f"{summary.split(', ')[0]}"):
            assert self.holds(workspace, "results/plot.png", fact), fact
        first, *_, last = summary.split(", ")
        assert self.holds(workspace, "results/plot.png", f"{first}, {last}")

    @pytest.mark.parametrize(
        "fact",
        ["4 x 48 pixels", "64 x 4", "640 x 480 pixels", "shows a curve", "png", "64", "",
         "64 x 48 pixels, shows a curve", "pixels, and more"],
    )  # fmt: skip
    def test_what_was_not_measured_or_is_cut_out_of_a_number_does_not(
        self, workspace: Workspace, fact: str
    ) -> None:
        summary = workspace.artifact("results/plot.png").summary()
        expected = fact == "png"
        assert self.holds(workspace, "results/plot.png", fact) == expected
        if not expected:
            found = check_citation(
                ArtifactEvidence(path="results/plot.png", fact=fact), workspace, None
            )
            assert found == f"What was measured of 'results/plot.png' is: {summary}."

    @pytest.mark.parametrize(
        "fact",
        ["no such file", "No such file or directory.", "the file is missing", "missing",
         "does not exist", "the file does not exist in the workspace", "not found", "is absent"],
    )  # fmt: skip
    def test_an_absence_holds_where_there_is_no_such_file(
        self, workspace: Workspace, fact: str
    ) -> None:
        assert self.holds(workspace, "models/a.pt", fact)
        assert not self.holds(workspace, "results/plot.png", fact)
        assert not self.holds(workspace, "results", fact)

    def test_missing_makes_such_a_citation(self, workspace: Workspace) -> None:
        assert missing("a.pt") == ArtifactEvidence(path="a.pt", fact="no such file")
        assert check_citation(missing("a.pt"), workspace, None) is None

    def test_a_fact_of_a_file_that_is_not_there_does_not_hold(self, workspace: Workspace) -> None:
        found = check_citation(
            ArtifactEvidence(path="models/a.pt", fact="12 tensors"), workspace, None
        )
        assert found == "There is no file 'models/a.pt' in the workspace."

    @pytest.mark.parametrize("path", ["../a.pt", "/a.pt", "", ".", "a/../../b", "~/a"])
    def test_nothing_is_known_of_what_lies_outside(self, workspace: Workspace, path: str) -> None:
        assert check_citation(missing(path), workspace, None) == (
            f"{path!r} does not name a place in the workspace."
        )

    def test_an_absence_is_not_known_where_the_view_was_cut(self, tmp_path: Path) -> None:
        for number in range(5):
            (tmp_path / f"{number}.txt").write_text("some text")
        (tmp_path / "link.pt").symlink_to("/etc/passwd")
        cut = Workspace.open(tmp_path, Limits(max_files=3))
        found = check_citation(missing("4.txt"), cut, None)
        assert found is not None and "was not looked at" in found
        whole = Workspace.open(tmp_path)
        found = check_citation(missing("link.pt"), whole, None)
        assert found is not None and "symbolic link" in found

    def test_a_folder_is_measured_by_its_files(self, workspace: Workspace) -> None:
        assert self.holds(workspace, "results", "folder, 2 files")
        assert self.holds(workspace, "empty", "0 files")
        assert not self.holds(workspace, "results", "3 files")


class TestVerdicts:
    GOOD = FileEvidence(path="src/train.py", start_line=1, end_line=1, quote="value_1 = 1")
    BAD = FileEvidence(path="src/train.py", start_line=1, end_line=1, quote="value_1 = 2")

    def test_citations_that_do_not_hold_are_dropped(self, workspace: Workspace) -> None:
        given = verdict(Outcome.SATISFIED, self.BAD, self.GOOD)
        assert verified(given, workspace, None) == given.model_copy(
            update={"evidence": (self.GOOD,)}
        )

    def test_satisfied_without_a_citation_that_holds_is_abstained(
        self, workspace: Workspace
    ) -> None:
        found = verified(verdict(Outcome.SATISFIED, self.BAD), workspace, None)
        assert (found.outcome, found.confidence, found.evidence) == (Outcome.ABSTAINED, 0.0, ())
        assert found.reason.startswith("evidence could not be verified: The quote does not stand")
        assert (found.usage.calls, found.seconds) == (2, 1.5)
        nothing = verified(verdict(Outcome.SATISFIED), workspace, None)
        assert nothing.reason == "evidence could not be verified: nothing is cited"

    @pytest.mark.parametrize("outcome", [Outcome.UNSATISFIED, Outcome.ABSTAINED, Outcome.ERROR])
    def test_other_outcomes_stay(self, workspace: Workspace, outcome: Outcome) -> None:
        given = verdict(outcome, self.BAD, missing("a.pt"), missing("src/train.py"))
        assert verified(given, workspace, None) == given.model_copy(
            update={"evidence": (missing("a.pt"),)}
        )

    def test_an_absence_or_a_folder_shows_no_success(self, workspace: Workspace) -> None:
        for evidence in (missing("a.pt"), ArtifactEvidence(path="results", fact="2 files")):
            found = verified(verdict(Outcome.SATISFIED, evidence), workspace, None)
            assert found.outcome is Outcome.ABSTAINED
            assert found.reason == (
                "evidence could not be verified: only absences or folders are cited"
            )

    def test_an_artifact_that_is_not_valid_shows_no_success(self, workspace: Workspace) -> None:
        empty = ArtifactEvidence(
            path="results/empty.pt", fact=workspace.artifact("results/empty.pt").summary()
        )
        for cited in ((empty,), (self.GOOD, empty)):
            found = verified(verdict(Outcome.SATISFIED, *cited), workspace, None)
            assert found.outcome is Outcome.ABSTAINED
            assert "'results/empty.pt' is not valid" in found.reason
        kept = verified(verdict(Outcome.UNSATISFIED, empty), workspace, None)
        assert (kept.outcome, kept.evidence) == (Outcome.UNSATISFIED, (empty,))

    def test_a_valid_artifact_or_a_step_shows_success(self, workspace: Workspace) -> None:
        picture = ArtifactEvidence(path="results/plot.png", fact="64 x 48 pixels")
        step = TrajectoryEvidence(step=4, quote="accuracy: 0.91")
        ran = ExecutionEvidence(command="python a.py", exit_status=0, output="done")
        for evidence in (picture, step, ran):
            given = verdict(Outcome.SATISFIED, evidence)
            assert verified(given, workspace, TRAJECTORY) == given

    def test_verifying_twice_changes_nothing_more(self, workspace: Workspace) -> None:
        for outcome in Outcome:
            for evidence in ((self.BAD,), (self.GOOD, self.BAD), (missing("a.pt"),)):
                once = verified(verdict(outcome, *evidence), workspace, None)
                assert verified(once, workspace, None) == once


some_text = st.text(max_size=60) | st.sampled_from(
    ["src/train.py", "results/plot.png", "a.ipynb", "../x", "/", "no such file", "value_1 = 1"]
)
some_evidence = st.one_of(
    st.builds(
        lambda p, s, e, q: FileEvidence.model_construct(
            kind="file", path=p, start_line=s, end_line=e, quote=q
        ),
        some_text,
        st.integers(),
        st.integers(),
        some_text,
    ),
    st.builds(
        lambda s, q: TrajectoryEvidence.model_construct(kind="trajectory", step=s, quote=q),
        st.integers(),
        some_text,
    ),
    st.builds(
        lambda p, f: ArtifactEvidence.model_construct(kind="artifact", path=p, fact=f),
        some_text,
        some_text,
    ),
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(evidence=some_evidence)
def test_no_citation_breaks_the_check(evidence: Evidence, workspace: Workspace) -> None:
    for trajectory in (None, TRAJECTORY):
        found = check_citation(evidence, workspace, trajectory)
        assert found is None or (found.endswith(".") and "\n" not in found)


def test_a_quote_of_a_megabyte_is_checked_at_once(workspace: Workspace) -> None:
    for quote in ("value_1 " * 130_000, "a" * 1_000_000, " x" * 500_000):
        assert check_citation(file("src/train.py", 1, 30, quote), workspace, None) is not None
        evidence = ArtifactEvidence(path="results/plot.png", fact=quote)
        assert check_citation(evidence, workspace, None) is not None
        step = TrajectoryEvidence(step=4, quote=quote)
        assert check_citation(step, workspace, TRAJECTORY) is not None
