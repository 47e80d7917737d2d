"""Each module works alone, on outputs of any size."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from judge.inspection import Inspection
from judge.judges.agent.tools import Toolbox
from judge.material import Fence
from judge.modules import ALL_MODULES, Module, graph, locate, modules_named, read, retrieve
from judge.modules.excerpts import Excerpt, Shown
from judge.modules.search import Search
from judge.trajectory import load_trajectory
from judge.workspace import Workspace
from results.errors import InputError
from tests.judge.agent.conftest import step

NEEDLE = "epoch 417 reached val_accuracy=0.8731"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    """A 20 MB log with a needle in its middle, and 1,000 steps with one in step 700."""
    root = tmp_path_factory.mktemp("large")
    output = root / "output"
    output.mkdir()
    filler = "".join(f"2024-01-01 INFO batch {n} loss {n % 97 / 97:.4f}\n" for n in range(250_000))
    middle = len(filler) // 2
    middle = filler.index("\n", middle) + 1
    (output / "train.log").write_text(f"{filler[:middle]}{NEEDLE}\n{filler[middle:]}" * 2)
    steps = [step(n, f"thought {n}", f"echo {n}", f"output {n}") for n in range(1_000)]
    steps[700]["environment"] = "Saved model to models/zebra.pt"
    (root / "steps.json").write_text(json.dumps(steps))
    return Inspection(Workspace.open(output), load_trajectory(root / "steps.json"))


def test_a_needle_in_the_middle_of_a_large_log_is_found_and_read(large: Inspection) -> None:
    assert large.workspace.size("train.log") > 18_000_000
    search = Search(large)
    began = time.monotonic()
    exact = search.exact("val_accuracy=0.8731")
    assert [hit.text for hit in exact.hits] == [NEEDLE, NEEDLE]
    hit = search.regular(r"epoch 4\d\d reached").hits[0]
    assert time.monotonic() - began < 20
    excerpt = read.read_file(large, "train.log", hit.line - 1, hit.line + 1)
    assert f"{hit.line}: {NEEDLE}" in excerpt.text
    assert (excerpt.start, excerpt.end) == (hit.line - 1, hit.line + 1)
    assert not excerpt.is_whole


def test_a_citation_of_the_needle_holds(large: Inspection) -> None:
    from judge.evidence import check_citation
    from results.records import FileEvidence

    line = Search(large).exact(NEEDLE).hits[0].line
    cited = FileEvidence(path="train.log", start_line=line, end_line=line, quote=NEEDLE)
    assert check_citation(cited, large.workspace, None) is None
    wrong = cited.model_copy(update={"start_line": 5, "end_line": 5})
    assert check_citation(wrong, large.workspace, None) is not None


def test_a_needle_in_step_700_is_found_by_search_and_by_its_path(large: Inspection) -> None:
    search = Search(large)
    assert [h.step for h in search.exact("zebra").hits] == [700]
    assert search.ranked("zebra model saved").hits[0].step == 700
    steps = retrieve.relevant_steps(large, "The model is saved as `models/zebra.pt`.", search)
    assert 700 in [s.number for s in steps]


def test_the_tools_find_both_needles(large: Inspection) -> None:
    toolbox = Toolbox(large, ALL_MODULES, Fence(), Search(large))
    found = toolbox.run("search", json.dumps({"query": "val_accuracy=0.8731", "how": "exact"}))
    line = int(found.text.split("train.log:")[1].split(":")[0])
    shown = toolbox.run("read_file", json.dumps({"path": "train.log", "start_line": line}))
    assert NEEDLE in shown.text
    steps = toolbox.run("trajectory_steps", json.dumps({"first": 700}))
    assert "Saved model to models/zebra.pt" in steps.text


def test_a_hostile_pattern_is_refused_or_bounded(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a" * 3_000 + "!\n")
    search = Search(Inspection(Workspace.open(tmp_path), None))
    began = time.monotonic()
    assert search.regular(r"^(a+)+$").hits == ()
    assert time.monotonic() - began < 5
    with pytest.raises(InputError, match="does not compile"):
        search.regular("(")
    with pytest.raises(InputError, match="empty"):
        search.exact("  ")
    with pytest.raises(InputError, match="longer"):
        search.regular("a" * 400)


def test_ranked_search_reads_names_apart(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def load_training_data():\n    return 1\n")
    (tmp_path / "b.py").write_text("def plotFigure():\n    return 2\n")
    search = Search(Inspection(Workspace.open(tmp_path), None))
    assert search.ranked("training data").hits[0].path == "a.py"
    assert search.ranked("figure").hits[0].path == "b.py"
    assert search.ranked("zzz").hits == ()


def test_embeddings_rerank_what_bm25_found(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("cats and dogs\n")
    (tmp_path / "b.txt").write_text("cats in hats with cats\n")
    inspection = Inspection(Workspace.open(tmp_path), None)

    def embed(texts: object) -> list[list[float]]:
        return [[1.0, 0.0] if "dogs" in str(t) or t == "cats" else [0.0, 1.0] for t in list(texts)]  # type: ignore[call-overload]

    assert Search(inspection, embed).ranked("cats").hits[0].path == "a.txt"


def test_locate_puts_named_files_first_and_says_which_are_missing(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("import model\n")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "report.md").write_text("# Report\n")
    inspection = Inspection(Workspace.open(tmp_path), None)
    found = locate.locate(inspection, "`src/train.py` writes the report to `results/report.md`.")
    assert found[0].path in ("results/report.md", "src/train.py")
    missing = [item.path for item in found if not item.exists]
    assert missing == ["results/report.md"]
    assert "old/report.md" in [item.path for item in found]


def test_look_up_tells_calls_from_mentions(tmp_path: Path) -> None:
    code = "def train():\n    return 1\n\n\n# train is great\ntrain()\n"
    (tmp_path / "a.py").write_text(code)
    text = graph.look_up(Inspection(Workspace.open(tmp_path), None), "train")
    assert "defined: a.py" in text
    assert "called: a.py:6" in text
    assert "comment: a.py:5" in text
    assert "nowhere" in graph.look_up(Inspection(Workspace.open(tmp_path), None), "absent")


def test_modules_are_named_as_in_the_paper() -> None:
    assert modules_named(["graph", " Locate "]) == {Module.GRAPH, Module.LOCATE, Module.ASK}
    assert {m.value for m in ALL_MODULES} == set(
        "graph locate read search retrieve ask memory planning".split()
    )
    with pytest.raises(InputError, match="no module 'eyes'"):
        modules_named(["eyes"])


def test_what_was_shown_is_counted_by_line() -> None:
    shown = Shown()
    shown.add(Excerpt("a.py", 1, 3, 6, "…"))
    assert shown.unseen("a.py") == "a.py: 3 of 6 lines were shown"
    shown.add(Excerpt("a.py", 4, 6, 6, "…"))
    assert shown.unseen("a.py") == ""
    assert shown.unseen("b.py") == "b.py was not read"


def test_the_middle_of_a_long_text_is_cut_and_named() -> None:
    text = retrieve.middle_cut("x" * 500 + "END", 100)
    assert text.endswith("END")
    assert "403 characters are left out" in text
