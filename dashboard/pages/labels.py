"""Human labels: people label requirements blind to any judge, then settle what they dispute.

No verdict of a judge is read on this page, and no annotator sees another's labels before their own
are complete. What is written is labels, each on disk as it is given, and nothing else.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import untrusted
from dashboard.data import View
from dashboard.excerpts import file_page, shown_text, step_excerpts
from dashboard.excerpts_pictures import is_picture, thumbnail
from dashboard.labelling import Outputs, outputs_to_label, plan_of, plan_of_study
from dashboard.labelling_consensus import show_consensus
from judge.labelling import LabelSession, Study, begin_session, studies
from judge.labelling.sessions import LONGEST_COMMENT, cited_lines, cited_step
from judge.reporting.wording import SIGNS, cited
from judge.running.outputs import Output
from judge.running.planning import RunPlan
from judge.trajectory import Trajectory, load_trajectory
from judge.workspace import Workspace
from results.errors import JudgeError
from results.records import AskedRequirement, AskedTask, Evidence, Outcome, RunStatus

CHOICES = (
    (Outcome.SATISFIED, "satisfied", "1"),
    (Outcome.UNSATISFIED, "unsatisfied", "2"),
    (Outcome.ABSTAINED, "cannot tell", "3"),
)
MODERATES = "moderates"
_SESSION, _PLACE, _SINCE, _CITED = "labels_in", "labels_at", "labels_since", "labels_cited"
_LINES_A_PAGE = 200
_MOST_FILES = 2_000


# An argument with an underscore is not part of the key under which a value is kept.
def _new_plan(key: str, _outputs: Outputs) -> RunPlan:
    return plan_of(_outputs)


def _old_plan(key: str, _study: Study) -> RunPlan:
    return plan_of_study(_study)


_kept_for_long: Any = st.cache_resource(
    ttl=600, max_entries=8, show_spinner="Reading the outputs …"
)
_kept: Any = st.cache_resource(ttl=120, max_entries=8, show_spinner=False)
_plan_of = _kept_for_long(_new_plan)
_study_plan = _kept_for_long(_old_plan)
_workspace = _kept(Workspace.open)
_trajectory = _kept(load_trajectory)


def render(view: View, store: Path, runs_dir: Path) -> None:
    """Draws the page."""
    st.title("Human labels")
    entered = st.session_state.get(_SESSION)
    if entered is None:
        _entrance(view, runs_dir)
        return
    study = _study(runs_dir, entered["study"], entered["agent"])
    if study is None:
        _leave()
        st.rerun()
        return
    try:
        plan = _study_plan(_study_key(study), study)
    except JudgeError as error:
        st.text(untrusted.name(error, 1_000))
        st.button("Leave", on_click=_leave)
        return
    session = None if entered["role"] == MODERATES else study.session_of(entered["annotator"])
    if session is None:
        _head(f"{entered['annotator']} moderates the study {study.name}", None)
        show_consensus(runs_dir, plan, study)
    else:
        _labelling(runs_dir, plan, study, session)


def _entrance(view: View, runs_dir: Path) -> None:
    """Where a person says who they are, and what they label."""
    st.caption(
        "Label whether each requirement is met, from the files and the steps alone. What judges"
        " said is not shown here, and nobody sees your labels before theirs are complete."
    )
    known = studies(runs_dir)
    outputs = outputs_to_label(view)
    with st.form("labels_entrance"):
        new = [f"new study of {one.name}" for one in outputs]
        going = [untrusted.name(f"study {s.name} · {s.agent}", 120) for s in known]
        options = list(range(len(going) + len(new)))
        chosen = st.selectbox(
            "What to label", options, format_func=lambda number: [*going, *new][number]
        )
        study_name = st.text_input("Name of the study, if it is new", value="pilot", max_chars=40)
        name = st.text_input("Your name", max_chars=40, placeholder="Ada")
        role = st.radio("You", ["label", "moderate the discussion"], horizontal=True)
        begins = st.form_submit_button("Begin or go on", type="primary")
    if known:
        st.markdown("**Studies in this folder of runs**")
        st.dataframe([_study_row(study) for study in known], hide_index=True)
    if not begins:
        return
    try:
        if chosen < len(known):
            plan = _study_plan(_study_key(known[chosen]), known[chosen])
            study_name = known[chosen].name
        else:
            plan = _planned(outputs[chosen - len(known)])
        if role == "label":
            session = begin_session(runs_dir, plan, study_name, name)
            annotator, study_name = session.about.annotator, session.about.study
        elif chosen < len(known):
            annotator = untrusted.name(name, 40) or "the moderator"
        else:
            st.text("A study must have labels before its discussion can be moderated.")
            return
    except JudgeError as error:
        st.text(untrusted.name(error, 1_000))
        return
    st.session_state[_SESSION] = {
        "study": study_name,
        "agent": plan.agent,
        "annotator": annotator,
        "role": MODERATES if role != "label" else "labels",
    }
    st.rerun()


def _planned(outputs: Outputs) -> RunPlan:
    plan: RunPlan = _plan_of(outputs.request.model_dump_json() + outputs.agent, outputs)
    return plan


def _study_key(study: Study) -> str:
    return study.annotators[0].run_id if study.annotators else f"{study.name} {study.agent}"


def _study_row(study: Study) -> dict[str, Any]:
    tasks = study.annotators[0].tasks() if study.annotators else ()
    asked = sum(not r.is_preference for task in tasks for r in task.requirements)
    return {
        "study": study.name,
        "agent": untrusted.name(study.agent, 60),
        "requirements": asked,
        "labelled": ", ".join(f"{s.about.annotator}: {len(s.labels())}" for s in study.annotators),
        "consensus": 0 if study.consensus is None else len(study.consensus.labels()),
    }


def _study(runs_dir: Path, name: str, agent: str) -> Study | None:
    wanted = (name.casefold(), agent)
    found = (s for s in studies(runs_dir) if (s.name.casefold(), s.agent) == wanted)
    return next(found, None)


def _leave() -> None:
    for key in (_SESSION, _PLACE, _SINCE, _CITED):
        st.session_state.pop(key, None)


def _head(text: str, share: tuple[int, int] | None) -> None:
    left, right = st.columns([5, 1], vertical_alignment="center")
    # Study and annotator names are checked when they are given and hold no markup.
    with left:
        if share is None:
            st.text(text)
        else:
            done, asked = share
            st.progress(done / asked if asked else 1.0, text=f"{done} of {asked} labelled")
            st.text(text)
    right.button("Leave", on_click=_leave, help="Your labels are kept; come back by your name.")


def _labelling(runs_dir: Path, plan: RunPlan, study: Study, session: LabelSession) -> None:
    tasks = session.tasks()
    labels = session.labels()
    places = [
        (task.task, requirement.requirement_id)
        for task in tasks
        for requirement in task.requirements
        if not requirement.is_preference
    ]
    _head(
        f"{session.about.annotator} labels {untrusted.name(study.agent)} in the study {study.name}",
        (len(labels.keys() & set(places)), len(places)),
    )
    left_over = [place for place in places if place not in labels]
    view = "Label"
    if not left_over:
        st.success("Everything is labelled. Thank you!")
        view = st.segmented_control(
            "View", ["Label", "Disagreements"], default="Disagreements", key="labels_view"
        )
        if session.folder.status is not RunStatus.COMPLETE:
            session.finish()
    if view == "Disagreements":
        show_consensus(runs_dir, plan, study, may_record=False)
        return
    if st.session_state.get(_PLACE) not in places:
        st.session_state[_PLACE] = (left_over or places)[0]
    task_name, number = _choose_place(places, labels)
    task = next(task for task in tasks if task.task == task_name)
    requirement = next(
        r for r in task.requirements if r.requirement_id == number and not r.is_preference
    )
    output = next(output for output in plan.outputs if output.task.name == task_name)
    _question(task, requirement)
    evidence, form = st.columns([3, 2])
    with form:
        _label_form(session, (task_name, number), places)
    with evidence:
        _material(output)


def _choose_place(places: list[tuple[str, int]], labels: Any) -> tuple[str, int]:
    """The requirement that is asked about, with ways to others."""
    at = places.index(st.session_state[_PLACE])
    before, middle, after = st.columns([1, 6, 1], vertical_alignment="bottom")

    def go(step: int) -> None:
        _go_to(places[(at + step) % len(places)])

    before.button("← back", on_click=go, args=(-1,), shortcut="b", width="stretch")
    after.button("next →", on_click=go, args=(1,), shortcut="n", width="stretch")

    def named(place: tuple[str, int]) -> str:
        given = labels.get(place)
        sign = "○" if given is None else SIGNS[given.outcome]
        return f"{sign} {untrusted.name(place[0], 80)} · {place[1]}"

    def jump() -> None:
        _go_to(st.session_state["labels_jump"])

    st.session_state["labels_jump"] = places[at]
    middle.selectbox("Requirement", places, format_func=named, key="labels_jump", on_change=jump)
    return places[at]


def _go_to(place: tuple[str, int]) -> None:
    st.session_state[_PLACE] = place
    st.session_state[_SINCE] = time.monotonic()
    st.session_state[_CITED] = None


def _question(task: AskedTask, requirement: AskedRequirement) -> None:
    with st.container(border=True):
        st.caption(f"Requirement {requirement.requirement_id}: is it met?")
        st.text(shown_text(requirement.criteria))
        if requirement.prerequisites:
            of = {r.requirement_id: r for r in task.requirements if not r.is_preference}
            st.caption("It builds on these, which are labelled on their own:")
            for number in requirement.prerequisites:
                if number in of:
                    st.text(f"{number}. {untrusted.name(of[number].criteria, 200)}")
    with st.expander("What the task asked"):
        st.text(shown_text(task.query))


def _label_form(
    session: LabelSession, place: tuple[str, int], places: list[tuple[str, int]]
) -> None:
    given = session.labels().get(place)
    if st.session_state.get(_CITED) is None:
        st.session_state[_CITED] = [] if given is None else list(given.evidence)
    st.session_state.setdefault(_SINCE, time.monotonic())
    st.markdown("**Your label**")
    if given is not None:
        said = "cannot tell" if given.outcome is Outcome.ABSTAINED else given.outcome.value
        st.caption(f"You said {SIGNS[given.outcome]} {said}; a new answer takes its place.")
    key = f"labels_comment_{places.index(place)}"
    if key not in st.session_state and given is not None:
        st.session_state[key] = given.reason
    st.text_area(
        "Comment: what makes you say so",
        key=key,
        max_chars=LONGEST_COMMENT,
        placeholder="Others read this when you disagree.",
    )
    _cited_list()

    def give(outcome: Outcome) -> None:
        try:
            session.give(
                *place,
                outcome,
                st.session_state.get(key, ""),
                st.session_state.get(_CITED) or [],
                time.monotonic() - st.session_state.get(_SINCE, time.monotonic()),
            )
        except JudgeError as error:
            st.session_state["labels_fault"] = str(error)
            return
        labels = session.labels()
        start = places.index(place)
        later = [*places[start + 1 :], *places[: start + 1]]
        _go_to(next((other for other in later if other not in labels), later[0]))

    for outcome, words, shortcut in CHOICES:
        st.button(
            f"{SIGNS[outcome]} {words}",
            key=f"labels_give_{outcome.value}",
            on_click=give,
            args=(outcome,),
            shortcut=shortcut,
            width="stretch",
            type="primary" if given is not None and given.outcome is outcome else "secondary",
        )
    fault = st.session_state.pop("labels_fault", None)
    if fault:
        st.text(untrusted.name(fault, 1_000))
    st.caption("Keys: 1, 2, 3 give the label and go on; b and n go back and on.")


def _cited_list() -> None:
    kept: list[Evidence] = st.session_state[_CITED]
    if not kept:
        st.caption("You may cite lines or a step on the left; a label without is fine too.")
        return

    def drop(number: int) -> None:
        del st.session_state[_CITED][number]

    for number, evidence in enumerate(kept):
        row, button = st.columns([6, 1])
        row.text(cited(evidence)[:200])
        button.button("✕", key=f"labels_drop_{number}", on_click=drop, args=(number,))


def _material(output: Output) -> None:
    files, steps = st.tabs(["Files", "Steps of the agent"])
    with files:
        try:
            _files(_workspace(output.workspace))
        except JudgeError as error:
            st.text(untrusted.name(error, 500))
    with steps:
        if output.trajectory is None:
            st.caption("There is no trajectory of this task.")
            return
        try:
            _steps(output, _trajectory(output.trajectory))
        except JudgeError as error:
            st.text(untrusted.name(error, 500))


def _files(workspace: Workspace) -> None:
    names = [entry.path for entry in workspace.files]
    if not names:
        st.caption("The agent left no files.")
        return
    if len(names) > 30:
        part = st.text_input("Part of the path", key="labels_filter").casefold()
        names = [name for name in names if part in name.casefold()] or names
    path = st.selectbox(
        f"File, of {len(workspace.files)}",
        names[:_MOST_FILES],
        format_func=lambda name: untrusted.name(f"{name}  ({workspace.size(name):,} bytes)", 160),
    )
    if is_picture(path):
        picture = thumbnail(workspace, path)
        st.text(untrusted.name(workspace.artifact(path).summary(), 400))
        if picture is None:
            st.caption("It cannot be shown as a picture.")
        else:
            st.image(picture, caption="Drawn anew from its pixels.")
        return
    start = int(
        st.number_input("From line", min_value=1, value=1, step=_LINES_A_PAGE, max_value=10**7)
    )
    page = file_page(workspace, path, start, _LINES_A_PAGE)
    if page.note:
        st.text(page.note)
    if not page.text:
        return
    is_long = page.text.count("\n") > 20
    st.code(page.text, language="diff", height=420 if is_long else None)
    first, last, button = st.columns([2, 2, 3], vertical_alignment="bottom")
    begin = int(first.number_input("Cite from", min_value=1, value=start, max_value=10**7))
    end = int(last.number_input("to line", min_value=1, value=begin, max_value=10**7))
    if button.button("Cite these lines", width="stretch"):
        _cite(lambda: cited_lines(workspace, path, begin, end))


def _steps(output: Output, trajectory: Trajectory) -> None:
    if not trajectory.steps:
        st.caption("The trajectory has no steps.")
        return
    numbers = [step.number for step in trajectory.steps]
    number = st.selectbox(
        f"Step, of {len(numbers)}",
        numbers,
        format_func=lambda n: _step_named(trajectory, n),
    )
    step = trajectory.step(number)
    if step is None:
        return
    for part in step_excerpts(step):
        st.caption(part.title)
        st.code(part.text, language=None, height=260 if part.text.count("\n") > 12 else None)
    if st.button("Cite this step"):
        _cite(lambda: cited_step(output, number))


def _step_named(trajectory: Trajectory, number: int) -> str:
    step = trajectory.step(number)
    what = "" if step is None else step.action or step.thought or step.user_message
    return f"{number}  {untrusted.name(what, 90)}"


def _cite(make: Any) -> None:
    try:
        evidence: Evidence = make()
    except JudgeError as error:
        st.text(untrusted.name(error, 500))
        return
    if evidence not in st.session_state[_CITED]:
        st.session_state[_CITED].append(evidence)
    st.rerun()
