"""Mutants: what is broken for certain is named, and the rest is left as it was."""

from __future__ import annotations

import io
import pickletools
from pathlib import Path

import pytest
from PIL import Image

from judge.calibration import GoodOutput, Kind, Known, Mutation, bundled_good_outputs, mutations_of
from judge.calibration.copying import copy_workspace, write_mutant
from judge.calibration.python_edits import parsed
from judge.calibration.stand_ins import pdf, png, stand_ins, untrained_pickle
from judge.workspace import ArtifactState, Workspace
from results.errors import InputError
from tests.judge.calibration.outputs import CRITERIA, FILES, good


@pytest.fixture(scope="module")
def bundled() -> tuple[tuple[GoodOutput, tuple[Mutation, ...]], ...]:
    return tuple((output, mutations_of(Known(output))) for output in bundled_good_outputs())


def of_kind(output: GoodOutput, kind: Kind) -> list[Mutation]:
    return [mutation for mutation in mutations_of(Known(output)) if mutation.kind is kind]


def written(output: GoodOutput, mutation: Mutation, folder: Path) -> Workspace:
    copy_workspace(Workspace.open(output.workspace), folder / "base")
    write_mutant(folder / "base", folder / "mutant", mutation)
    return Workspace.open(folder / "mutant")


def test_the_bundled_good_outputs_have_mutants_of_every_kind(
    bundled: tuple[tuple[GoodOutput, tuple[Mutation, ...]], ...],
) -> None:
    assert {mutation.kind for _, made in bundled for mutation in made} == set(Kind)
    for output, made in bundled:
        names = [(mutation.kind, mutation.name, mutation.breaks) for mutation in made]
        assert len(set(names)) == len(names)
        assert {number for m in made for number in m.breaks} == set(output.met)
        for mutation in made:
            assert mutation.breaks and mutation.breaks <= output.met
            assert mutation.leaves <= output.met - mutation.breaks
            assert mutation.edits or mutation.moves


def test_only_requirements_that_labels_call_met_are_broken_or_left() -> None:
    met = {output.task.name[:2]: output.met for output in bundled_good_outputs()}
    assert met == {"01": frozenset(range(8)), "02": frozenset({1, 2, 4, 5})}


def test_every_mutant_differs_from_what_it_is_made_of_and_leaves_that_untouched(
    bundled: tuple[tuple[GoodOutput, tuple[Mutation, ...]], ...], tmp_path: Path
) -> None:
    for number, (output, made) in enumerate(bundled):
        base = tmp_path / str(number)
        copy_workspace(Workspace.open(output.workspace), base)
        before = Workspace.open(base).fingerprint()
        prints = set()
        for at, mutation in enumerate(made):
            folder = tmp_path / f"{number}-{at}"
            write_mutant(base, folder, mutation)
            prints.add(Workspace.open(folder).fingerprint())
            for path, content in mutation.edits.items():
                if path.endswith(".py") and content is not None:
                    assert parsed(content.decode()) is not None, mutation.name
        assert before not in prints
        assert Workspace.open(base).fingerprint() == before


def test_artifacts_are_gone_empty_renamed_or_claimed(tmp_path: Path) -> None:
    output = good(tmp_path)
    path = "results/metrics.txt"
    (gone,) = [m for m in of_kind(output, Kind.DELETED) if path in m.edits]
    assert gone.breaks == {2} and gone.leaves == {0, 3}
    assert not written(output, gone, tmp_path / "gone").has(path)
    (empty,) = [m for m in of_kind(output, Kind.EMPTIED) if path in m.edits]
    assert written(output, empty, tmp_path / "empty").size(path) == 0
    claimed = [m for m in of_kind(output, Kind.CLAIMED) if path in m.edits]
    for at, mutation in enumerate(claimed):
        mutant = written(output, mutation, tmp_path / f"claim{at}")
        (log,) = (name for name in ("train.log", "README.md") if mutant.has(name))
        assert path in (mutant.text(log) or "") and not mutant.has(path)
    moved = [m for m in of_kind(output, Kind.RENAMED) if path in m.moves]
    for at, mutation in enumerate(moved):
        mutant = written(output, mutation, tmp_path / f"moved{at}")
        assert not mutant.has(path)
        assert mutant.text(mutation.moves[path]) == FILES[path]
    assert len(claimed) == 2 and len(moved) == 3


def test_a_renamed_source_file_keeps_the_program_whole(tmp_path: Path) -> None:
    output = good(tmp_path)
    renamed = [m for m in of_kind(output, Kind.RENAMED) if "src/model.py" in m.moves]
    mutant = written(output, renamed[0], tmp_path / "renamed")
    new = renamed[0].moves["src/model.py"]
    assert mutant.text(new) == FILES["src/model.py"]
    assert f"from {Path(new).stem} import make_model" in (mutant.text("src/train.py") or "")
    assert renamed[0].breaks == {0} and renamed[0].leaves == {1}


def test_training_is_taken_out_and_results_are_typed_in(tmp_path: Path) -> None:
    output = good(tmp_path)
    (skipped,) = of_kind(output, Kind.UNTRAINED)
    assert skipped.breaks == {1}
    assert b".fit(" not in (skipped.edits["src/train.py"] or b"")
    (typed,) = of_kind(output, Kind.TYPED_IN)
    assert typed.breaks == {2}
    assert b"accuracy = 0.9375" in (typed.edits["src/train.py"] or b"")
    (idle,) = of_kind(output, Kind.NEVER_CALLED)
    assert idle.breaks == {1} and idle.leaves == {0}


def test_training_elsewhere_leaves_room_for_doubt_and_is_not_taken_out(tmp_path: Path) -> None:
    fits = "\n\ndef other(model, rows):\n    model.fit(rows, rows)\n"
    files = {**FILES, "src/extra.py": f"import os\n{fits}"}
    assert not of_kind(good(tmp_path, files), Kind.UNTRAINED)


def test_reports_are_cut_where_a_section_is_asked_for_by_name(tmp_path: Path) -> None:
    cuts = {m.name: m for m in of_kind(good(tmp_path), Kind.TRUNCATED)}
    ended = (cuts["report.md: ends before 'Findings'"].edits["report.md"] or b"").decode()
    assert "## Data" in ended and "Findings" not in ended
    hollow = (cuts["report.md: nothing under 'Findings'"].edits["report.md"] or b"").decode()
    assert hollow.rstrip().endswith("## Findings")
    assert all(mutation.breaks == {3} for mutation in cuts.values())


def test_a_section_whose_words_stand_elsewhere_is_not_certainly_missing(tmp_path: Path) -> None:
    text = "# Findings and data\n\n## Data\n\nRows.\n\n## Findings\n\nFindings about the data.\n"
    cuts = of_kind(good(tmp_path, {**FILES, "report.md": text}), Kind.TRUNCATED)
    assert not [m for m in cuts if "without the section" in m.name or "ends before" in m.name]


def test_a_place_that_is_one_of_several_is_not_broken(tmp_path: Path) -> None:
    criteria = ("The accuracy is saved in `results/metrics.txt` or `results/metrics.json`.",)
    assert not mutations_of(Known(good(tmp_path, FILES, criteria)))


def test_a_document_that_shows_a_figure_is_not_taken_to_be_left_alone(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "plots/loss.png": png(64, 64, lambda x, y: bytes((x, y, 7))),
        "report.md": f"{FILES['report.md']!s}\n![Loss](plots/loss.png)\n",
    }
    criteria = ("The loss curve is saved as `plots/loss.png`.", CRITERIA[3])
    (gone,) = [
        m for m in of_kind(good(tmp_path, files, criteria), Kind.DELETED) if "plots" in m.name
    ]
    assert gone.breaks == {0} and gone.leaves == frozenset()


def test_links_do_not_enter_a_copy_and_large_workspaces_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = good(tmp_path)
    (tmp_path / "secret").write_text("mine")
    (output.workspace / "link.txt").symlink_to(tmp_path / "secret")
    (output.workspace / "out").symlink_to("/etc")
    copy_workspace(Workspace.open(output.workspace), tmp_path / "copy")
    copied = {path.name for path in (tmp_path / "copy").rglob("*")}
    assert "model.py" in copied and not copied & {"link.txt", "out"}
    monkeypatch.setattr("judge.calibration.copying.MOST_BYTES", 10)
    with pytest.raises(InputError, match="too large"):
        copy_workspace(Workspace.open(output.workspace), tmp_path / "again")


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside.txt", "a/../../b"])
def test_no_edit_is_written_outside_the_mutant(path: str, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    outside = Mutation(Kind.EMPTIED, "x", frozenset({0}), edits={path: b""})
    with pytest.raises(InputError, match="leads out"):
        write_mutant(base, tmp_path / "mutant", outside)


@pytest.mark.parametrize(
    "path",
    "a.png a.jpg a.csv a.json a.pkl a.joblib a.pt a.h5 a.onnx a.pdf a.ipynb a.html a.txt a.npy"
    " a.xyz".split(),
)
def test_stand_ins_hold_nothing(path: str, tmp_path: Path) -> None:
    made = stand_ins(path, "name,value\n1,2\n" if path.endswith("csv") else '{"a": 1}')
    assert made
    for how, content in made.items():
        folder = tmp_path / how.replace(" ", "_").replace("`", "")
        folder.mkdir()
        (folder / path).write_bytes(content)
        artifact = Workspace.open(folder).artifact(path)
        if how == "noise" or path.endswith(".xyz"):
            continue
        is_words = "filler" in how or "page" in how or "null" in how or how == "to do"
        assert artifact.state is not ArtifactState.VALID or is_words, (how, artifact.summary())


def test_images_and_pages_open_as_what_they_are() -> None:
    with Image.open(io.BytesIO(png(3, 2, lambda x, y: bytes((x, y, 9))))) as image:
        assert image.size == (3, 2)
        assert image.getpixel((2, 1)) == (2, 1, 9)
    assert pdf("words").startswith(b"%PDF-1.4") and b"(words)" in pdf("words")


def test_a_model_without_training_is_a_pickle_of_its_class_with_nothing_fitted(
    tmp_path: Path,
) -> None:
    content = untrained_pickle("sklearn.svm._classes.SVC", ["C", "kernel", "coef_", "classes_"])
    shown = io.StringIO()
    pickletools.dis(content, shown)
    assert "sklearn.svm._classes SVC" in shown.getvalue()
    (tmp_path / "model.pkl").write_bytes(content)
    facts = Workspace.open(tmp_path).artifact("model.pkl").facts
    assert facts["class"] == "sklearn.svm._classes.SVC"
    assert facts["attributes"] == ["C", "kernel"] and not facts.get("fitted")
