"""Probes of artifacts: there, valid, with the content asked for, and made by a program."""

from __future__ import annotations

import re
from posixpath import basename, splitext

from judge.evidence import missing
from judge.judges.checks.asking import Act, Ask, Demand
from judge.judges.checks.findings import Finding, fails, holds, unknown
from judge.judges.checks.numbers import data_rows, has_number, lone_value, values_of
from judge.judges.checks.origin import Writer
from judge.judges.checks.reports import Report, Section, is_prose, repeats
from judge.judges.checks.scene import Scene
from judge.judges.checks.sight import is_drawing
from judge.judges.checks.topics import (
    asks_for_interaction,
    asks_for_picture,
    metric_of,
    topic_pattern,
)
from judge.judges.checks.vocabulary import METHODS, Concept, Kind, matches_call
from judge.workspace import Artifact
from results.records import FileEvidence

# What kinds of file a folder is to hold, by the kind that the requirement speaks of.
FITTING: dict[str, frozenset[str]] = {
    "model": frozenset({"model", "pickle", "array", "archive", "binary"}),
    "figure": frozenset({"image", "animation", "video", "html", "document"}),
    "video": frozenset({"animation", "video"}),
    "text": frozenset({"text", "data", "table", "markdown", "html", "document"}),
    "notebook": frozenset({"notebook"}),
}
_PICTURES = frozenset({"image", "animation", "video"})
_WRITTEN = frozenset({"text", "markdown", "data", "table", "html", "document", "notebook"})
_MODELS = frozenset({"model", "pickle", "array"})


def probe_artifacts(scene: Scene, ask: Ask) -> list[Finding]:
    """The findings for every artifact and folder that the requirement names."""
    findings: list[Finding] = []
    if re.search(r"\bprinted\b", ask.plain):
        findings.append(_printed(scene, ask))
    artifacts = list(ask.places.artifacts)
    for path in artifacts:
        if not scene.workspace.has(path):
            findings.append(_absent(scene, path))
            continue
        findings += probe_artifact(scene, ask, scene.workspace.artifact(path))
    for folder in ask.places.folders:
        findings += _probe_folder(scene, ask, folder)
    return findings


_TO_FILE = re.compile(r"\bfile\s*=\s*(?!sys\.std|None)")
_SHOWS_TEXT = re.compile(
    r"(?:^|\W)(?:print|pprint|log(?:ger|ging)?\.\w+|display|click\.echo|show)\s*\("
)


def _printed(scene: Scene, ask: Ask) -> Finding:
    """Whether something of what is asked for is also printed, by the code or in a run."""
    wanted = {word[:6] for word in re.findall(r"[a-z]{5,}", ask.plain.lower())} - _ACTS_SAID
    names: set[str] = set()
    demands = ask.of_kind(Kind.METRIC, Kind.FIGURE)
    for demand in demands:
        for concept in demand.concepts:
            for path in scene.sight.product_paths:
                names |= scene.sight.bound_to(concept, path)
    printing = [
        (path, statement)
        for path in scene.sight.product_paths
        for statement in scene.sight.statements(path)
        if _SHOWS_TEXT.search(statement.bare) and not _TO_FILE.search(statement.bare)
    ]
    for path, statement in printing:
        text = statement.full.lower()
        is_named = any(
            re.search(rf"(?<!\w){re.escape(name)}(?!\w)", statement.bare) for name in names
        )
        if is_named or any(word in text for word in wanted):
            citation = scene.sight.citation(path, statement.line)
            return holds(f"{path} prints it, line {statement.line}", 0.72, citation)
    if not printing:
        return fails("nothing that the code does prints it", 0.66)
    if not demands:
        path, statement = printing[0]
        return holds(
            f"{path} prints its results, line {statement.line}",
            0.56,
            scene.sight.citation(path, statement.line),
        )
    return fails(f"what the code prints is not {demands[0].name}", 0.62)


_ACTS_SAID = frozenset(
    word[:6] for word in "printed saved under figure results values score which".split()
)


def _absent(scene: Scene, path: str) -> Finding:
    if path in scene.workspace.directories:
        return fails(f"{path} is a folder", 0.9)
    name, stem = basename(path), splitext(basename(path))[0].lower()
    near = [p for p in sorted(scene.paths) if basename(p) == name]
    near = near or [p for p in sorted(scene.paths) if splitext(basename(p))[0].lower() == stem]
    hint = f" (there is {near[0]}, but not at that place)" if near else ""
    return fails(f"there is no {path}{hint}", 0.96, missing(path))


def _probe_folder(scene: Scene, ask: Ask, folder: str) -> list[Finding]:
    inside = [path for path in sorted(scene.paths) if path.startswith(f"{folder}/")]
    if not inside:
        return [fails(f"there is nothing in {folder}/", 0.95, missing(folder))]
    kinds = FITTING.get(ask.kind or "", frozenset().union(*FITTING.values()))
    fitting = [
        artifact for artifact in map(scene.workspace.artifact, inside) if artifact.kind in kinds
    ]
    if not fitting:
        noun = ask.kind or "artifact"
        shown = scene.measured(scene.workspace.artifact(inside[0]))
        return [fails(f"no file in {folder}/ is a {noun}", 0.85, shown)]
    valid = [artifact for artifact in fitting if artifact.is_valid]
    if not valid:
        worst = fitting[0]
        return [
            fails(
                f"{worst.path} in {folder}/ is no real {ask.kind or 'artifact'}: "
                f"{_fault_of(worst)}",
                0.93,
                scene.measured(worst),
            )
        ]
    best: list[Finding] | None = None
    for artifact in _by_likeness(valid, ask)[:6]:
        found = probe_artifact(scene, ask, artifact)
        if all(finding.state.value == "holds" for finding in found):
            return found
        best = best or found
    return best or []


def _by_likeness(artifacts: list[Artifact], ask: Ask) -> list[Artifact]:
    """Those first whose name shares words with the requirement."""
    words = {word[:5] for word in re.findall(r"[a-z]{4,}", ask.plain.lower())}

    def likeness(artifact: Artifact) -> tuple[int, str]:
        name = re.findall(r"[a-z]{4,}", basename(artifact.path).lower())
        return (-sum(part[:5] in words for part in name), artifact.path)

    return sorted(artifacts, key=likeness)


def _fault_of(artifact: Artifact) -> str:
    return "; ".join(artifact.signs) or f"it is {artifact.state.value}"


def probe_artifact(scene: Scene, ask: Ask, artifact: Artifact) -> list[Finding]:
    """The findings for one file that is there."""
    shown = scene.measured(artifact)
    if not artifact.is_valid:
        return [fails(f"{artifact.path} is no real artifact: {_fault_of(artifact)}", 0.95, shown)]
    if artifact.kind == "binary" and ask.kind != "model":
        return [unknown(f"{artifact.path} is of a kind that the checks cannot read", shown)]
    findings: list[Finding]
    if artifact.kind in _PICTURES:
        findings = _picture(scene, ask, artifact)
    elif artifact.kind in _MODELS:
        findings = _model(scene, ask, artifact)
    elif artifact.kind in _WRITTEN:
        findings = _written(scene, ask, artifact)
    else:
        findings = [holds(f"{artifact.path} is a valid {artifact.kind}", 0.7, shown)]
    return findings


# Pictures


def _picture(scene: Scene, ask: Ask, artifact: Artifact) -> list[Finding]:
    findings = [
        holds(f"{artifact.path} is a picture that shows something", 0.85, scene.measured(artifact))
    ]
    findings += _resolution(scene, ask, artifact)
    writers = scene.origins.writers(artifact.path)
    findings.append(_origin(scene, artifact, writers))
    undrawn = _undrawn(scene, artifact, writers)
    if undrawn is not None:
        findings.append(undrawn)
    for demand in ask.of_kind(Kind.FIGURE):
        findings.append(_subject(scene, demand, artifact, writers))
    for demand in ask.of_kind(Kind.METRIC):
        if ask.places.artifacts and not ask.places.folders:
            findings.append(_recorded(scene, demand))
    return findings


def _undrawn(scene: Scene, artifact: Artifact, writers: tuple[Writer, ...]) -> Finding | None:
    """A figure is saved, but the code that saves it, and what leads there, draws nothing."""
    saving = [w for w in writers if w.is_reached and w.via.endswith("savefig")]
    if not saving or any(
        w.is_reached and not w.via.endswith("savefig") and w.is_exact for w in writers
    ):
        return None
    sight = scene.sight
    for writer in saving:
        own = (writer.path, writer.scope)
        callers = {(c.path, c.scope) for c in sight.graph.callers_of(*own)} if own[1] else set()
        keys = set(sight.with_callees([own]))
        makes_figure = any(
            call.method in ("subplots", "figure", "Figure")
            for call in sight.calls_by_key.get(own, ())
        )
        # A helper that only saves is handed what its callers had drawn elsewhere.
        keys |= callers if makes_figure else sight.with_callees(callers)
        for key in keys:
            for call in sight.calls_by_key.get(key, ()):
                if is_drawing(call) and sight.is_live(call.path, call.line):
                    return None
    first = saving[0]
    return fails(
        f"{first.path} saves {artifact.path} (line {first.line}) without drawing anything on it",
        0.7,
        sight.citation(first.path, first.line),
    )


def _resolution(scene: Scene, ask: Ask, artifact: Artifact) -> list[Finding]:
    asked = re.search(r"\b(\d{3,4})p\b|\b(\d{3,5})\s*[x×]\s*(\d{3,5})\b", ask.plain)
    if asked is None or "height" not in artifact.facts:
        return []
    width, height = int(artifact.facts["width"]), int(artifact.facts["height"])
    if asked.group(1):
        is_met = int(asked.group(1)) in (width, height)
    else:
        is_met = {width, height} == {int(asked.group(2)), int(asked.group(3))}
    text = f"{artifact.path} has {width} x {height} pixels where {asked.group()} is asked"
    made = holds if is_met else fails
    return [made(text, 0.9, scene.measured(artifact))]


def _subject(
    scene: Scene, demand: Demand, artifact: Artifact, writers: tuple[Writer, ...]
) -> Finding:
    """Whether the program computes what the picture is to show."""
    sight = scene.sight
    best = None
    for concept in demand.concepts:
        found = sight.find(concept, sight.everywhere, Act.DO)
        if found is not None and (best is None or found.strength > best.strength):
            best = found
    if best is not None:
        what = " ".join(best.what.split())[:80]
        return holds(
            f"the program makes the {demand.name} ({what} in {best.path}, line {best.line})",
            min(0.8, best.strength),
            sight.citation(best.path, best.line),
        )
    if not any(writer.is_reached for writer in writers):
        return unknown(f"no code was found that draws a {demand.name} into {artifact.path}")
    first = writers[0]
    if not any(concept.is_telling for concept in demand.concepts):
        # A subject without a library call of its own: a plot of computed data may show it.
        return holds(
            f"{first.path} draws what it computes into {artifact.path}",
            0.56,
            sight.citation(first.path, first.line),
        )
    return fails(
        f"the code that writes {artifact.path} draws no {demand.name}",
        0.62,
        sight.citation(first.path, first.line),
    )


def _recorded(scene: Scene, demand: Demand) -> Finding:
    sight = scene.sight
    for concept in demand.concepts:
        found = sight.find(concept, sight.everywhere, Act.DO)
        if found is not None:
            return holds(
                f"{demand.name} is computed in {found.path}, line {found.line}",
                found.strength,
                sight.citation(found.path, found.line),
            )
    return unknown(f"no code was found that computes {demand.name}")


# Models


def _model(scene: Scene, ask: Ask, artifact: Artifact) -> list[Finding]:
    shown = scene.measured(artifact)
    findings = [holds(f"{artifact.path} is a model file with content", 0.85, shown)]
    named = [str(name) for name in artifact.facts.get("globals", ())]
    library = [name for name in named if name.startswith(("sklearn.", "xgboost.", "lightgbm."))]
    is_boosted = any(name.startswith(("xgboost.", "lightgbm.")) for name in named)
    is_fitted = is_boosted or any("numpy" in name or "Tree" in name for name in named)
    if library and not is_fitted:
        return [fails(f"{artifact.path} holds no fitted values", 0.75, shown)]
    for demand in ask.of_kind(Kind.METHOD):
        other = _other_method(demand, library)
        if other:
            text = f"{artifact.path} holds {other} and not {demand.name}"
            findings.append(fails(text, 0.82, shown))
    findings.append(_origin(scene, artifact, scene.origins.writers(artifact.path)))
    return findings


def _other_method(demand: Demand, named: list[str]) -> str:
    """The method that a pickled estimator is, where it is another than the one asked for."""
    families = {concept.family for concept in demand.concepts}
    if not named or not families & {"estimator", "clustering"}:
        return ""
    if any(matches_call(p, name) for c in demand.concepts for p in c.calls for name in named):
        return ""
    for concept in METHODS:
        if concept.family in families and concept not in demand.concepts:
            for name in named:
                if any(matches_call(pattern, name) for pattern in concept.calls):
                    return name
    return ""


# Written artifacts


def _written(scene: Scene, ask: Ask, artifact: Artifact) -> list[Finding]:
    shown = scene.measured(artifact)
    report = scene.report(artifact)
    if repeats(report.text, scene.asked_text):
        return [fails(f"{artifact.path} only repeats the words of the task", 0.85, shown)]
    findings: list[Finding] = []
    metrics = list(ask.of_kind(Kind.METRIC))
    topics = list(ask.contents)
    if metrics:
        findings += [_metric(scene, demand, artifact) for demand in metrics]
    if topics:
        findings += _contents(scene, ask, artifact, report, topics)
    elif ask.wants_report and artifact.kind in ("markdown", "html", "document", "notebook"):
        findings.append(_prose(scene, artifact, report))
    elif artifact.kind == "html":
        findings.append(_page(scene, artifact))
    elif not metrics:
        findings.append(_rows(scene, ask, artifact))
    for demand in ask.of_kind(Kind.FIGURE):
        findings.append(_spoken_of(scene, demand, artifact, report))
    is_report = bool(topics and ask.wants_report) or artifact.kind == "notebook"
    is_report = is_report or (artifact.kind == "html" and bool(ask.of_kind(Kind.APP)))
    findings.append(
        _origin(scene, artifact, scene.origins.writers(artifact.path), may_be_typed=is_report)
    )
    return findings


def _metric(scene: Scene, demand: Demand, artifact: Artifact) -> Finding:
    shown = scene.measured(artifact)
    for concept in demand.concepts:
        line = values_of(concept, artifact.text)
        if line:
            return _computed(scene, concept, artifact, line)
    if lone_value(artifact.text):
        return _computed(scene, demand.concepts[0], artifact, artifact.text.strip())
    if demand.name == "classification report":
        return fails(f"{artifact.path} holds no table of precision, recall and F1", 0.75, shown)
    return fails(f"{artifact.path} gives no value for {demand.name}", 0.78, shown)


def _computed(scene: Scene, concept: Concept, artifact: Artifact, line: str) -> Finding:
    """A value is there; whether some reached code computes it."""
    sight = scene.sight
    quote = _quote(scene, artifact, line) or scene.measured(artifact)
    text = f"{artifact.path} gives {concept.name}: {' '.join(line.split())[:80]!r}"
    found = sight.find(concept, sight.everywhere, Act.DO)
    if found is not None:
        return holds(text, 0.82, quote, sight.citation(found.path, found.line))
    if not sight.product_paths:
        return unknown(f"{text}, but no code is left that could compute it", quote)
    shell = sight.shell_behind_results
    if shell is not None:
        return fails(
            f"{text}, but {shell.qualified} in {shell.path} gives a constant and computes nothing",
            0.64,
            quote,
            sight.citation(shell.path, shell.start_line),
        )
    if any(writer.is_reached for writer in scene.origins.writers(artifact.path)):
        # What is typed into the code is told apart where the writing code is looked at.
        return holds(text, 0.58, quote)
    return fails(f"{text}, but no code that runs computes {concept.name}", 0.62, quote)


def _quote(scene: Scene, artifact: Artifact, line: str) -> FileEvidence | None:
    text = scene.workspace.text(artifact.path)
    if text is None:
        return None
    for number, row in enumerate(text.splitlines(), start=1):
        if line in row or row.strip() == line:
            quote = row.strip()[:300]
            if sum(map(str.isalnum, quote)) >= 3:
                return FileEvidence(
                    path=artifact.path, start_line=number, end_line=number, quote=quote
                )
    return None


def _contents(
    scene: Scene, ask: Ask, artifact: Artifact, report: Report, topics: list[str]
) -> list[Finding]:
    findings: list[Finding] = []
    for topic in topics:
        metric = metric_of(topic)
        if metric is not None and artifact.kind != "notebook" and not ask.wants_report:
            findings.append(_metric(scene, Demand(topic, (metric,)), artifact))
            continue
        if asks_for_interaction(topic):
            findings.append(_interactive(scene, artifact))
        elif asks_for_picture(topic):
            findings.append(_pictured(scene, artifact, report))
            words = re.sub(r"\b(?:visuali[sz]ations?|plots?|figures?|charts?)\b", "", topic).strip()
            if len(words) > 3 and artifact.kind != "html":
                findings.append(_topic(scene, artifact, report, words, named=False))
        else:
            findings.append(_topic(scene, artifact, report, topic, named="section" in ask.plain))
    is_filled = any(section.is_filled for section in report.sections)
    is_listing = not is_filled and not is_prose(report.text)
    if ask.wants_report and is_listing and artifact.kind != "notebook":
        shown = scene.measured(artifact)
        findings.append(fails(f"{artifact.path} is a list of words and no report", 0.8, shown))
    return findings


def _topic(scene: Scene, artifact: Artifact, report: Report, topic: str, *, named: bool) -> Finding:
    shown = scene.measured(artifact)
    pattern = topic_pattern(topic)
    titled = _closest(report.titled(pattern), topic)
    filled = [section for section in titled if section.is_filled]
    if filled:
        title = filled[0].title[:60]
        return holds(
            f"{artifact.path} has a section {title!r} for {topic}",
            0.84,
            _quote(scene, artifact, title) or shown,
        )
    if titled:
        title = titled[0].title[:60]
        return fails(
            f"{artifact.path} has a heading {title!r} for {topic} with nothing under it",
            0.86,
            _quote(scene, artifact, title) or shown,
        )
    if not named:
        sentence = report.sentence_with(pattern)
        if sentence:
            return holds(
                f"{artifact.path} speaks of {topic}: {sentence[:80]!r}",
                0.66,
                _quote(scene, artifact, sentence[:120]) or shown,
            )
    return fails(f"{artifact.path} says nothing of {topic}", 0.72, shown)


def _closest(sections: tuple[Section, ...], topic: str) -> list[Section]:
    """Of the sections that may be meant, those whose title shares most words with the topic."""
    words = {word[:5] for word in re.findall(r"[a-z]{3,}", topic.lower())}
    shared = [
        sum(word[:5] in words for word in re.findall(r"[a-z]{3,}", section.title.lower()))
        for section in sections
    ]
    most = max(shared, default=0)
    return [section for section, count in zip(sections, shared, strict=True) if count == most]


def _pictured(scene: Scene, artifact: Artifact, report: Report) -> Finding:
    shown = scene.measured(artifact)
    if report.pictures:
        return holds(f"{artifact.path} shows {report.pictures} pictures", 0.8, shown)
    if report.broken_links:
        link = report.broken_links[0]
        return fails(
            f"{artifact.path} links to {link}, which is not there",
            0.8,
            _quote(scene, artifact, link) or shown,
        )
    return fails(f"{artifact.path} shows no picture", 0.76, shown)


def _interactive(scene: Scene, artifact: Artifact) -> Finding:
    shown = scene.measured(artifact)
    raw = scene.workspace.text(artifact.path) or ""
    match = re.search(
        r"Plotly\.newPlot|plotly|Bokeh|<select|<input|<button|onclick|addEventListener|"
        r"type=.?range|vega",
        raw,
    )
    has_script = int(artifact.facts.get("script_chars") or 0) > 100
    if match and (has_script or "src=" in raw):
        return holds(f"{artifact.path} has interactive elements ({match.group()})", 0.72, shown)
    return fails(f"{artifact.path} has no interactive element", 0.75, shown)


def _prose(scene: Scene, artifact: Artifact, report: Report) -> Finding:
    shown = scene.measured(artifact)
    empty = [section for section in report.sections if not section.is_filled]
    if report.sections and len(empty) * 2 > len(report.sections):
        return fails(f"{artifact.path} is mostly headings with nothing under them", 0.82, shown)
    if is_prose(report.text) or artifact.kind == "notebook":
        return holds(f"{artifact.path} is a report of {report.words} words", 0.74, shown)
    return fails(f"{artifact.path} is a list of words and no report", 0.72, shown)


def _page(scene: Scene, artifact: Artifact) -> Finding:
    shown = scene.measured(artifact)
    if int(artifact.facts.get("script_chars") or 0) > 200 or artifact.facts.get("images"):
        return holds(f"{artifact.path} is a page with scripts or pictures", 0.78, shown)
    if int(artifact.facts.get("words") or 0) >= 8:
        return holds(f"{artifact.path} is a page of text", 0.6, shown)
    return fails(f"{artifact.path} is a page that shows nothing", 0.8, shown)


def _rows(scene: Scene, ask: Ask, artifact: Artifact) -> Finding:
    """Results without a metric of their own: something beyond a title or header must be there."""
    shown = scene.measured(artifact)
    if artifact.kind == "table":
        rows = int(artifact.facts.get("rows") or 0)
        if rows < 1:
            return fails(f"{artifact.path} is a table without rows", 0.9, shown)
        return holds(f"{artifact.path} is a table of {rows} rows", 0.8, shown)
    rows = data_rows(artifact.text)
    if rows < 1:
        return fails(f"{artifact.path} holds no results", 0.82, shown)
    if not has_number(artifact.text) and not is_prose(artifact.text) and rows < 2:
        return fails(f"{artifact.path} holds words but no results", 0.66, shown)
    return holds(f"{artifact.path} holds {rows} lines of results", 0.76, shown)


def _spoken_of(scene: Scene, demand: Demand, artifact: Artifact, report: Report) -> Finding:
    """A figure's subject as text: feature importances in a list, say."""
    for concept in demand.concepts:
        if concept.labels_pattern.search(report.text) or has_number(report.text):
            found = scene.sight.find(concept, scene.sight.everywhere, Act.DO)
            if found is not None:
                return holds(
                    f"{artifact.path} gives what {found.path} computes as {demand.name}",
                    0.7,
                    scene.sight.citation(found.path, found.line),
                )
    return unknown(f"whether {artifact.path} gives {demand.name} cannot be told")


# Where it came from


def _origin(
    scene: Scene,
    artifact: Artifact,
    writers: tuple[Writer, ...],
    *,
    may_be_typed: bool = False,
) -> Finding:
    """Whether a program can have made the artifact; a report may be written by hand."""
    origins, path = scene.origins, artifact.path
    typed = origins.typed_by_hand(path, artifact.text) if artifact.kind in _WRITTEN else None
    if typed is not None and not may_be_typed:
        return fails(
            f"{path} was typed in by the agent and computed by no program",
            0.84,
            origins.step_citation(typed.step, typed.content or ""),
        )
    reached = [writer for writer in writers if writer.is_reached]
    constant = next((w for w in reached if w.content is not None and w.is_exact), None)
    if constant is not None and not may_be_typed and len(reached) == 1:
        return fails(
            f"{constant.path} writes {path} from a text that is typed into it",
            0.82,
            origins.citation(constant),
        )
    made_up = _made_up(scene, artifact, reached)
    if made_up is not None:
        return made_up
    broken = None if may_be_typed else _broken_writer(scene, artifact, reached)
    if broken is not None:
        return broken
    if reached:
        first = reached[0]
        return holds(
            f"{first.path} writes it (line {first.line})",
            0.8 if first.is_exact else 0.72,
            origins.citation(first),
        )
    write = origins.last_write(path)
    if write is not None and write.how in ("program", "python", "download", "copy"):
        return holds(
            f"step {write.step} of the trajectory made {path}",
            0.7,
            origins.step_citation(write.step, path) or scene.measured(artifact),
        )
    if may_be_typed:
        return holds(f"{path} is there as a written text", 0.7, scene.measured(artifact))
    if writers:
        first = writers[0]
        return unknown(f"the code that writes {path} is never reached", origins.citation(first))
    if origins.could_be_written():
        return holds(f"code that runs writes files as {path} is", 0.56, scene.measured(artifact))
    return unknown(f"no code writes {path}", scene.measured(artifact))


def _broken_writer(scene: Scene, artifact: Artifact, writers: list[Writer]) -> Finding | None:
    """All code that writes the artifact fails before it does, or is handed on to empty code."""
    reasons: list[tuple[Writer, str]] = []
    for writer in writers:
        fault = scene.health.blocks(writer.path)
        reason = fault.text if fault is not None else ""
        reason = reason or scene.sight.hollow_reason(writer.path, writer.scope)
        if not reason:
            return None
        reasons.append((writer, reason))
    if reasons:
        writer, reason = reasons[0]
        return fails(
            f"the code that writes {artifact.path} cannot run: {reason}",
            0.62,
            scene.sight.citation(writer.path, writer.line),
        )
    empty = scene.origins.empty_hands(artifact.path)
    if empty is not None:
        call, name = empty
        return fails(
            f"{call.path} hands {artifact.path} to {name}, which does nothing",
            0.64,
            scene.sight.citation(call.path, call.line),
        )
    return None


def _made_up(scene: Scene, artifact: Artifact, writers: list[Writer]) -> Finding | None:
    """The writer's own scope puts nothing into the artifact but constants or chance."""
    is_picture = artifact.kind in _PICTURES
    for writer in writers:
        for made in scene.made_up_in(writer.path):
            if (
                made.scope != writer.scope
                or (
                    made.call.startswith("write")
                    or made.call in ("dump", "dumps", "to_csv", "savetxt")
                )
                == is_picture
            ):
                continue
            near = abs(made.line - writer.line) <= 25
            if near:
                return fails(
                    f"what {writer.path} puts into {artifact.path} is {made.how} "
                    f"(line {made.line})",
                    0.7,
                    scene.sight.citation(writer.path, made.line),
                )
    return None
