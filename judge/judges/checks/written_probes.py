"""Probes of written artifacts: metrics, results, reports and pages, by what they say."""

from __future__ import annotations

import re

from judge.judges.checks.asking import Act, Ask, Demand
from judge.judges.checks.findings import Finding, fails, holds, unknown
from judge.judges.checks.numbers import data_rows, has_number, lone_value, values_of
from judge.judges.checks.provenance_probes import probe_provenance
from judge.judges.checks.reports import Report, Section, is_prose, repeats
from judge.judges.checks.scene import Scene
from judge.judges.checks.topics import (
    asks_for_interaction,
    asks_for_picture,
    metric_of,
    topic_pattern,
)
from judge.judges.checks.vocabulary import Concept, Kind
from judge.workspace import Artifact
from results.records import FileEvidence


def probe_written(scene: Scene, ask: Ask, artifact: Artifact) -> list[Finding]:
    """The findings for a valid text, table, data file, page, document or notebook."""
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
        reason = scene.untaught
        if reason is not None and ask.of_kind(Kind.METHOD):
            text = f"{artifact.path} is to hold what a trained model gives, but {reason.text}"
            cited = scene.sight.citation(reason.path, reason.line)
            findings.append(fails(text, 0.64, cited))
    for demand in ask.of_kind(Kind.FIGURE):
        findings.append(_spoken_of(scene, demand, artifact, report))
    is_report = bool(topics and ask.wants_report) or artifact.kind == "notebook"
    is_report = is_report or (artifact.kind == "html" and bool(ask.of_kind(Kind.APP)))
    findings.append(
        probe_provenance(
            scene, artifact, scene.origins.writers(artifact.path), may_be_typed=is_report
        )
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
    typed = _typed_into_code(scene, concept, line)
    if typed is not None:
        path, number = typed
        return fails(
            f"{text}, but that value is typed into {path} (line {number})",
            0.76,
            quote,
            sight.citation(path, number),
        )
    reason = scene.untaught
    if reason is not None and concept.name not in _OF_ANY_RUN:
        return fails(
            f"{text}, but {reason.text}", 0.66, quote, sight.citation(reason.path, reason.line)
        )
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


# Figures that a run gives whether or not anything learns.
_OF_ANY_RUN = frozenset(
    {"return per episode", "processing time", "total profit", "final position", "training loss"}
)


def _typed_into_code(scene: Scene, concept: Concept, line: str) -> tuple[str, int] | None:
    """Where live code holds, as a text, the metric's label with the value that the line gives."""
    decimals = re.findall(r"\d+\.\d+", line)
    if not decimals:
        return None
    for path in scene.sight.product_paths:
        for statement in scene.sight.statements(path):
            if not any(number in statement.full for number in decimals):
                continue
            for text in re.findall(r"\"[^\"]*\"|'[^']*'", statement.full):
                if concept.labels_pattern.search(text) and any(n in text for n in decimals):
                    return path, statement.line
    return None


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
