"""Probes of what people use: an app, a page, its controls, and what they are wired to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from judge.code import Call, Definition
from judge.code.facts import Body, Key
from judge.judges.checks.asking import Ask, Demand
from judge.judges.checks.findings import Finding, fails, holds, unknown
from judge.judges.checks.markup import WEB, is_left_alone
from judge.judges.checks.scene import Scene
from judge.judges.checks.sight import Sighting
from judge.judges.checks.vocabulary import Kind, matches_call
from results.records import FileEvidence

# Whole toolkits; other concepts of the kind are controls, which come in too many forms for their
# absence to decide.
_TOOLKITS = frozenset(
    "Streamlit Dash Flask FastAPI Gradio Django Tkinter PyQt Bokeh Plotly D3.js".split()
)
_LOADS = re.compile(
    r"<script|<link|src\s*=|require\(|\bimport\b|newPlot|\bd3\.\w|Bokeh\.|BokehJS|data-root-id",
    re.I,
)
_ONLY_SETS_UP = re.compile(r"(?:^|\.)(?:set_page_config|Dash|Flask|FastAPI|run|run_server|launch)$")


def probe_app(
    scene: Scene, ask: Ask, demand: Demand, sighting: Sighting | None, own: frozenset[Key]
) -> Finding:
    """Whether an app, or one control of it, is there and wired to something."""
    where = " and ".join(ask.places.sources) or "the code"
    if any(concept.name == "Tableau or Power BI" for concept in demand.concepts):
        return _dashboard_file(scene, demand)
    is_toolkit = any(concept.name in _TOOLKITS for concept in demand.concepts)
    is_elsewhere = sighting is not None and (sighting.path, sighting.scope) not in own
    if sighting is not None and is_elsewhere and not is_toolkit and sighting.strength < 0.8:
        sighting = None  # a word in code elsewhere is not a control of this file
    if sighting is None:
        found = _control(scene, ask, demand, own)
        if found is not None:
            return _started(scene, ask, found, leans=False)
        if is_toolkit:
            return fails(f"nothing that {where} does is {demand.name}", 0.72)
        page = next((path for path in ask.places.artifacts if path.lower().endswith(WEB)), "")
        if page and page in scene.paths:
            shown = scene.measured(scene.workspace.artifact(page))
            return fails(f"{page} has no {demand.name}", 0.74, shown)
        return unknown(f"no {demand.name} was recognised in {where}")
    citation = scene.sight.citation(sighting.path, sighting.line)
    what = " ".join(sighting.what.split())[:80]
    text = f"{demand.name} shows in {sighting.path}: {what}, line {sighting.line}"
    if is_toolkit:
        calls = _toolkit_calls(scene, demand, sighting.path)
        if not any(_shows_data(scene, call) for call in calls):
            return fails(
                f"the {demand.name} app in {sighting.path} shows only fixed text", 0.76, citation
            )
        absent = _absent_inputs(scene, sighting.path)
        if absent:
            return fails(f"{sighting.path} is to show {absent}, which is not there", 0.7, citation)
    return _started(scene, ask, holds(text, sighting.strength, citation))


def _control(scene: Scene, ask: Ask, demand: Demand, own: frozenset[Key]) -> Finding | None:
    """A control in the markup of the named files and what they call; of any, if none is named."""
    pages = tuple(path for path in ask.places.artifacts if path.lower().endswith(WEB))
    named = ask.places.sources or pages
    called = sorted({path for path, _ in scene.sight.with_callees(own)} - set(named))
    return in_markup(scene, demand, (*named, *called) if named else sorted(scene.paths))


def _started(scene: Scene, ask: Ask, finding: Finding, *, leans: bool = True) -> Finding:
    """The finding, unless the app does not start or what it leans on is empty."""
    shown = [e.path for e in finding.evidence if isinstance(e, FileEvidence)]
    for path in ask.places.sources or [p for p in shown if p in scene.sight.graph.modules]:
        fault = scene.health.blocks(path)
        if fault is not None:
            cited = scene.sight.citation(fault.path, fault.line)
            return fails(f"the app does not start: {fault.text}", 0.82, cited)
        stub = _stub_behind(scene, path) if leans else ""
        if stub:
            return fails(stub, 0.68)
        run = scene.origins.last_run_with(path)
        if run is not None and run.ended == "failed" and run.failure:
            cited_step = scene.origins.step_citation(run.step, run.failure)
            return fails(f"{path} failed in its last run: {run.failure}", 0.7, cited_step)
    return finding


def probe_wiring(scene: Scene, ask: Ask) -> Finding | None:
    """Why what an app shows or stores comes to nothing, whatever controls it has; or None."""
    if not ask.of_kind(Kind.APP) and not _SHOWN.search(ask.plain):
        return None
    if _KEPT.search(ask.plain):
        if not _stores(scene, scene.sight.everywhere):
            return fails("nothing that the app does stores anything", 0.7)
        own = frozenset(
            key
            for path in ask.places.sources
            if path in scene.sight.graph.modules
            for key in scene.sight.region(path)
        )
        if own and not _stores(scene, scene.sight.with_callees(own)):
            where = " and ".join(ask.places.sources)
            return fails(f"nothing that {where} does or calls stores anything", 0.66)
    feeder = _empty_feeder(scene)
    if feeder is not None:
        return unknown(
            f"what is shown comes from {feeder.qualified} in {feeder.path}, which gives a constant",
            scene.sight.citation(feeder.path, feeder.start_line),
        )
    return None


_SHOWN = re.compile(r"\b(?:displayed|shown|rendered|frontend|front end|users? can)\b", re.I)
# What a person hands to an app is to be kept; that its code is saved somewhere is another matter.
_KEPT = re.compile(
    r"\b(?:files?|databases?|uploads?|images?|documents?|settings|notes?|entries|records|messages)\b"
    r"[^.]*\b(?:saved|stored|kept|cached)\b(?! in PATH)",
    re.I,
)
_STORES = re.compile(
    r"^(?:write_\w+|writerows?|writestr|save\w*|dump|commit|copyfile\w*|copy2|setItem|writeFile\w*|"
    r"insert_\w+|put|upload_\w+|to_(?:csv|sql|json|parquet|pickle)|set_item)$"
)


def _stores(scene: Scene, keys: frozenset[Key]) -> bool:
    """Whether reached code of a region writes a file or a record anywhere."""
    sight = scene.sight
    if any(
        use.is_reached and use.mode in ("write", "append") and (use.path, use.scope) in keys
        for use in sight.graph.uses
    ):
        return True
    if any(sight.graph.modules[path].language != "python" for path, _ in keys):
        return True
    return any(
        call.is_reached
        and not call.targets
        and bool(_STORES.match(call.method))
        and sight.is_live(call.path, call.line)
        for key in keys
        for call in sight.calls_by_key.get(key, ())
    )


def _empty_feeder(scene: Scene) -> Definition | None:
    """A function that reached code takes data from and that gives the same for whatever it gets."""
    for call in scene.sight.graph.calls:
        if not call.is_reached or not call.result_is_used:
            continue
        for target in call.targets:
            definition = scene.sight.graph.definition(*target)
            if definition is None or definition.kind == "class" or definition.decorators:
                continue
            taken = [name for name in definition.parameters if name not in ("self", "cls")]
            known = scene.sight.substance(*target)
            if taken and known.is_fixed and known.operations == 0:
                return definition
    return None


def _stub_behind(scene: Scene, path: str) -> str:
    """A definition without a body whose result the file's code, or what it calls, makes use of."""
    keys = scene.sight.with_callees(scene.sight.region(path))
    for key in sorted(keys):
        for call in scene.sight.calls_by_key.get(key, ()):
            for target in call.targets:
                definition = scene.sight.graph.definition(*target)
                if (
                    definition is not None
                    and definition.body is Body.STUB
                    and definition.kind != "class"
                    and definition.name != "__init__"
                    and call.result_is_used
                ):
                    return (
                        f"{path} works with {definition.name} of {definition.path}, which is empty"
                    )
    return ""


def _toolkit_calls(scene: Scene, demand: Demand, path: str) -> list[Call]:
    keys = scene.sight.with_callees(scene.sight.region(path))
    return [
        call
        for key in sorted(keys)
        for call in scene.sight.calls_by_key.get(key, ())
        if any(
            name and matches_call(pattern, name)
            for concept in demand.concepts
            for pattern in concept.calls
            for name in (call.name, call.origin)
        )
        or call.method in ("route", "get", "post", "callback")
        or call.name.split(".")[0] in ("plotly", "bokeh", "px", "go", "dcc", "dash_table")
    ]


def _shows_data(scene: Scene, call: Call) -> bool:
    """Whether a call of a toolkit is given something that is not typed into it."""
    if _ONLY_SETS_UP.search(call.name):
        # A web service shows by its handlers, which are definitions with a decorator.
        return any(
            definition.decorators and definition.body is Body.WORKS
            for definition in scene.sight.graph.definitions_in(call.path)
        )
    values = [*call.arguments, *call.keywords.values()]
    if all(value is not None for value in values):
        return False
    tree = scene.sight.tree(call.path)
    nodes = [
        node
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.Call)
        and node.lineno == call.line
        and call.method in (getattr(node.func, "attr", ""), getattr(node.func, "id", ""))
    ]
    return not nodes or not all(map(_is_fixed_layout, nodes))


def _is_fixed_layout(node: ast.expr) -> bool:
    """Whether an expression is made of literals and of components that hold only such."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(map(_is_fixed_layout, node.elts))
    if isinstance(node, ast.Dict):
        return all(map(_is_fixed_layout, node.values))
    if isinstance(node, ast.Name):
        return node.id.startswith("__")
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        return name[:1].isupper() and all(map(_is_fixed_layout, given))
    return False


def _absent_inputs(scene: Scene, path: str) -> str:
    """A result file of the project that the app reads at its start and that is not there."""
    for use in scene.sight.graph.uses_in(path):
        if use.mode != "read" or "*" in use.target or "://" in use.target:
            continue
        if use.via.rsplit(".", 1)[-1] in (
            "exists",
            "isfile",
            "is_file",
            "isdir",
            "glob",
            "listdir",
        ):
            continue
        if not re.match(
            r"(?:\./)?(?:results|outputs?|models|metrics|figures|reports)/", use.target
        ):
            continue
        target = use.target.removeprefix("./")
        if target not in scene.paths and target not in scene.workspace.directories:
            return target
    return ""


def in_markup(scene: Scene, demand: Demand, paths: Iterable[str]) -> Finding | None:
    """The control or library in the markup of some files, and whether a script acts on it."""
    for path in paths:
        lines = scene.markup(path)
        for concept in demand.concepts:
            pattern = concept.literals_pattern
            if pattern is None:
                continue
            for line in lines:
                if not pattern.search(line.text):
                    continue
                if concept.name in _TOOLKITS and not _LOADS.search(line.text):
                    continue  # a library is used where a page loads it, not where it is praised
                citation = scene.sight.citation(path, line.line)
                where = f"in the markup of {path}, line {line.line}"
                if path.lower().endswith(".css") or concept.kind is Kind.LIBRARY:
                    return holds(f"{demand.name} stands {where}", 0.72, citation)
                scripts = [x for other in _pages(scene, path) for x in scene.markup(other)]
                if is_left_alone(line, scripts):
                    return fails(f"the {demand.name} {where} is wired to nothing", 0.74, citation)
                return holds(f"{demand.name} stands {where}", 0.7, citation)
    return None


def _pages(scene: Scene, path: str) -> list[str]:
    """The file itself, what it calls, and the web files of the workspace."""
    called = {p for p, _ in scene.sight.with_callees(scene.sight.region(path))}
    callers = {
        imported.path
        for imported in scene.sight.graph.imports
        if imported.is_local and imported.resolved_path == path
    }
    web = {p for p in scene.paths if p.lower().endswith(WEB)}
    return sorted({path} | called | callers | web)


def _dashboard_file(scene: Scene, demand: Demand) -> Finding:
    for path in sorted(scene.paths):
        if path.lower().endswith((".twb", ".twbx", ".pbix", ".hyper")):
            artifact = scene.workspace.artifact(path)
            return holds(f"{path} is a dashboard of {demand.name}", 0.7, scene.measured(artifact))
    return fails(f"no file of {demand.name} is in the workspace", 0.75)
