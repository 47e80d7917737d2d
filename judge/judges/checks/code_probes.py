"""Probes of the code: whether what a requirement names is there, works, and is reached."""

from __future__ import annotations

import re
from posixpath import basename, splitext

from judge.code.facts import Body, Definition, Key
from judge.evidence import missing
from judge.judges.checks.app_probes import in_markup, probe_app, probe_wiring
from judge.judges.checks.asking import Act, Ask, Demand
from judge.judges.checks.data_probes import probe_dataset
from judge.judges.checks.deaths import death_before
from judge.judges.checks.findings import Finding, State, fails, holds, unknown
from judge.judges.checks.name_probes import probe_name
from judge.judges.checks.numbers import has_number
from judge.judges.checks.scene import Scene
from judge.judges.checks.sight import Sighting
from judge.judges.checks.traces import trace_of, works_at_length
from judge.judges.checks.trials import lone_setting, never_started, tries_nothing
from judge.judges.checks.vocabulary import METHODS, Kind

_BODY_SAYS = {
    Body.STUB: "has an empty body",
    Body.CONSTANT: "only returns a constant or its argument",
    Body.NOTE: "only returns or prints a text",
}


def probe_sources(scene: Scene, ask: Ask) -> list[Finding]:
    """Each source file the requirement names: there, readable, and more than a shell."""
    findings: list[Finding] = []
    for path in ask.places.sources:
        findings += _probe_source(scene, path)
    return findings


def _probe_source(scene: Scene, path: str) -> list[Finding]:
    workspace = scene.workspace
    if not workspace.has(path):
        return [fails(f"there is no {path}{_elsewhere(scene, path)}", 0.95, missing(path))]
    artifact = workspace.artifact(path)
    text = workspace.text(path)
    if text is None or not text.strip():
        return [fails(f"{path} is empty or cannot be read", 0.95, scene.measured(artifact))]
    module = scene.sight.graph.modules.get(path)
    if module is None:
        return []
    fault = scene.health.fault_of(path)
    if fault is not None:
        return [
            fails(fault.text, 0.9, scene.sight.citation(path, _fault_line(fault.text, fault.line)))
        ]
    definitions = scene.sight.graph.definitions_in(path)
    if module.language == "python" and not _has_working_code(scene, path):
        worst = next((d for d in definitions if d.body in _BODY_SAYS), None)
        said = f": {worst.name} {_BODY_SAYS[worst.body]}" if worst is not None else ""
        line = worst.start_line if worst is not None else 1
        return [fails(f"nothing in {path} works{said}", 0.92, scene.sight.citation(path, line))]
    return []


def _fault_line(text: str, line: int) -> int:
    match = re.search(r"line (\d+)", text)
    return int(match.group(1)) if match else line


def _has_working_code(scene: Scene, path: str) -> bool:
    graph = scene.sight.graph
    if any(
        re.search(
            r"<(?:button|input|select|textarea|details|canvas|form)\b|addEventListener|"
            r"appendChild|innerHTML",
            line.text,
        )
        for line in scene.markup(path)
    ):
        return True
    if any(
        definition.body is Body.WORKS and definition.kind != "class"
        for definition in graph.definitions_in(path)
    ):
        return True
    if any(
        call.scope == "" and call.method != "print" and not call.targets
        for call in graph.calls_in(path)
    ):
        return True
    return any(imported.is_used or imported.names for imported in graph.imports_in(path)) and any(
        not statement.bare.startswith(("import ", "from ", "def ", "class ", "if __name__"))
        and scene.sight.scope_of(path, statement.line) == ""
        and re.search(r"\w\(|\blambda\b", statement.bare)
        for statement in scene.sight.statements(path)
    )


def _elsewhere(scene: Scene, path: str) -> str:
    """Words on a file of the same name in another folder, or in the same folder by another."""
    name = basename(path)
    same = [other for other in sorted(scene.paths) if basename(other) == name and other != path]
    if same:
        return f" (there is {same[0]}, but that is another place)"
    stem = splitext(path)[0].lower()
    near = [o for o in sorted(scene.paths) if splitext(o)[0].lower() == stem and o != path]
    return f" (there is {near[0]}, but that is another file)" if near else ""


def code_regions(scene: Scene, ask: Ask) -> tuple[frozenset[Key], frozenset[Key]]:
    """(scopes of the named sources, these and all they call); everything where none is named."""
    sight = scene.sight
    if not ask.places.sources:
        return sight.everywhere, sight.everywhere
    own = frozenset(
        key
        for path in ask.places.sources
        if path in sight.graph.modules
        for key in sight.region(path)
    )
    return own, sight.with_callees(own)


def probe_demand(scene: Scene, ask: Ask, demand: Demand) -> Finding:
    """Whether code does what one demand names."""
    own, called = code_regions(scene, ask)
    if demand.kind is Kind.DATASET:
        return probe_dataset(scene, ask, demand, own, called)
    if not demand.concepts:
        return probe_name(scene, ask, demand, called)
    if any(concept.name == "comparison with another model" for concept in demand.concepts):
        compared = _several_methods(scene, called)
        if compared is not None:
            return compared
    sighting = best_sighting(scene, demand, own, called, ask.act)
    if demand.kind is Kind.APP:
        return probe_app(scene, ask, demand, sighting, own)
    if sighting is None and demand.kind is Kind.LIBRARY:
        found = in_markup(scene, demand, ask.places.sources)
        if found is not None:
            return found
    if sighting is not None:
        shell = _leans_on_a_shell(scene, demand, sighting) or _lacks_a_part(
            scene, ask, demand, sighting
        )
        return shell if shell is not None else _seen(scene, ask, demand, sighting)
    return _not_seen(scene, ask, demand, own, called)


def best_sighting(
    scene: Scene, demand: Demand, own: frozenset[Key], called: frozenset[Key], act: Act
) -> Sighting | None:
    best: Sighting | None = None
    for keys in (own, called):
        for concept in demand.concepts:
            found = scene.sight.find(concept, keys, act)
            if found is not None and (best is None or found.strength > best.strength):
                best = found
        if best is not None and best.strength > 0.7:
            return best
    return best


def _seen(scene: Scene, ask: Ask, demand: Demand, sighting: Sighting) -> Finding:
    citation = scene.sight.citation(sighting.path, sighting.line)
    if ask.act is Act.DO:
        death = death_before(scene, sighting, demand.name)
        if death is not None:
            return death
    misfit = scene.origins.misfit_before(sighting.path, sighting.line, sighting.scope)
    if misfit is not None and ask.act is Act.DO:
        where, call = misfit
        return fails(
            f"{where} fails before {demand.name} (line {call.line}): {call.text}",
            0.7,
            scene.sight.citation(where, call.line),
        )
    absent = scene.origins.absent_input(sighting.path, sighting.line, sighting.scope)
    if absent is not None:
        return fails(
            f"{sighting.path} reads {absent.target} (line {absent.line}) before {demand.name}, "
            "which is not there and which nothing that runs makes",
            0.68,
            scene.sight.citation(sighting.path, absent.line),
            missing(absent.target),
        )
    if ask.act is Act.DEFINE:
        keys = scene.sight.with_callees([(sighting.path, sighting.scope)])
        wrong = [(key[0], m) for key in sorted(keys) for m in scene.origins.misfits(*key)]
        if wrong:
            where, call = wrong[0]
            return unknown(
                f"{demand.name} shows in {sighting.path}, but a call that it leads to cannot "
                f"work: {call.text} ({where}, line {call.line})",
                scene.sight.citation(where, call.line),
            )
        failed = scene.origins.failure_in(sighting.path, sighting.scope)
        if failed is not None:
            return unknown(
                f"{demand.name} shows in {sighting.path}, but the code around it failed when it "
                f"last ran: {failed.failure}",
                scene.origins.step_citation(failed.step, failed.failure),
            )
    said = _said(sighting)
    return holds(f"{demand.name} shows in {sighting.path}: {said}", sighting.strength, citation)


def _several_methods(scene: Scene, keys: frozenset[Key]) -> Finding | None:
    """Two methods of one family that both run, as a comparison needs."""
    seen: dict[str, list[tuple[str, Sighting]]] = {}
    for concept in METHODS:
        if concept.family not in ("estimator", "clustering", "network", "pretrained"):
            continue
        found = scene.sight.find(concept, keys, Act.DO)
        if found is not None and found.strength >= 0.85:
            others = seen.setdefault(concept.family, [])
            if all(found.line != other.line for _, other in others):
                others.append((concept.name, found))
    for others in seen.values():
        if len(others) >= 2:
            (one, first), (two, second) = others[:2]
            return holds(
                f"both {one} and {two} run ({first.path}, line {first.line}; {second.path}, line "
                f"{second.line})",
                0.64,
                scene.sight.citation(first.path, first.line),
                scene.sight.citation(second.path, second.line),
            )
    return None


_TRIES = frozenset(
    {
        "hyperparameter tuning",
        "grid search",
        "cross-validation",
        "evaluation",
        "training",
        "fine-tuning",
    }
)
_SEARCHES = frozenset({"hyperparameter tuning", "grid search"})
_TRIED = re.compile(r"train|fit|eval|score|run|objective|forward|predict|accuracy|loss")


def _leans_on_a_shell(scene: Scene, demand: Demand, sighting: Sighting) -> Finding | None:
    """Trying out settings or folds is nothing when what is tried gives a constant."""
    if not any(concept.name in _TRIES for concept in demand.concepts):
        return None
    graph = scene.sight.graph
    tree = scene.sight.tree(sighting.path)
    if tree is not None and any(c.name in _SEARCHES for c in demand.concepts):
        reason = ""
        if lone_setting(tree, sighting.line):
            reason = "searches among one setting only"
        elif tries_nothing(tree, sighting.line, scene.sight.local_names):
            reason = "goes through settings but tries none of them"
        elif never_started(tree, sighting.line):
            reason = "sets up a search that is never started"
        if reason:
            return fails(
                f"{sighting.path} {reason} (line {sighting.line})",
                0.72,
                scene.sight.citation(sighting.path, sighting.line),
            )
    for call in scene.sight.calls_by_key.get((sighting.path, sighting.scope), ()):
        for target in call.targets:
            definition = graph.definition(*target)
            if (
                definition is not None
                and definition.body in _BODY_SAYS
                and call.result_is_used
                and _TRIED.search(definition.name)
            ):
                return fails(
                    f"{sighting.path} does {demand.name} with {definition.qualified}, which "
                    f"{_BODY_SAYS[definition.body]}",
                    0.82,
                    scene.sight.citation(definition.path, definition.start_line),
                )
    return None


def _lacks_a_part(scene: Scene, ask: Ask, demand: Demand, sighting: Sighting) -> Finding | None:
    """A method written by hand of which the file leaves out a part that the program calls."""
    if demand.kind is not Kind.METHOD or sighting.strength >= 0.8 or not ask.places.sources:
        return None
    for definition in scene.sight.graph.definitions_in(sighting.path):
        callers = scene.sight.graph.callers_of(*definition.key)
        if not callers or definition.name.startswith("__"):
            continue
        reason = ""
        if definition.kind == "class":
            reason = scene.sight.substance(*definition.key).hollow
        taken = [name for name in definition.parameters if name not in ("self", "cls")]
        if not reason and definition.body in _BODY_SAYS and (taken or definition.body is Body.STUB):
            reason = f"{definition.qualified} {_BODY_SAYS[definition.body]}"
        if reason:
            return fails(
                f"{demand.name} in {sighting.path} is not whole: {reason}",
                0.68,
                scene.sight.citation(definition.path, definition.start_line),
            )
    return None


def _said(sighting: Sighting) -> str:
    what = " ".join(sighting.what.split())[:90]
    where = f" in {sighting.scope}" if sighting.scope else ""
    return f"{what}{where}, line {sighting.line}"


def _not_seen(
    scene: Scene, ask: Ask, demand: Demand, own: frozenset[Key], called: frozenset[Key]
) -> Finding:
    sight = scene.sight
    where = " and ".join(ask.places.sources) or "the code"
    if not sight.product_paths and not ask.places.sources:
        return fails(f"there is no code that could do {demand.name}", 0.8)
    if ask.act is Act.DO:
        idle = best_sighting(scene, demand, own, called, Act.DEFINE)
        if idle is not None:
            return fails(
                f"{demand.name} stands in {idle.path} ({_said(idle)}) but is never reached",
                0.75,
                sight.citation(idle.path, idle.line),
            )
    hollow = _hollow_namesake(scene, demand, called)
    if hollow is not None:
        return fails(
            f"{hollow.name} in {hollow.path} bears the name of {demand.name} but "
            f"{_BODY_SAYS[hollow.body]}",
            0.88,
            sight.citation(hollow.path, hollow.start_line),
        )
    for concept in demand.concepts:
        rival = sight.rival(concept, called)
        if rival is not None:
            other, seen = rival
            return fails(
                f"{seen.path} builds {other.name} ({seen.what}) and not {demand.name}",
                0.82,
                sight.citation(seen.path, seen.line),
            )
    if ask.places.sources:
        other_sighting = best_sighting(
            scene, demand, sight.everywhere - called, sight.everywhere - called, ask.act
        )
        if other_sighting is not None:
            return fails(
                f"{demand.name} is done in {other_sighting.path}, which {where} does not call",
                0.72,
                sight.citation(other_sighting.path, other_sighting.line),
            )
    for concept in demand.concepts:
        in_vain = sight.call_in_vain(concept, called)
        if in_vain is not None:
            return fails(
                f"{in_vain.path} has {in_vain.name} for {demand.name} (line {in_vain.line}), but "
                "it does not run or nothing takes up what it gives",
                0.72,
                sight.citation(in_vain.path, in_vain.line),
            )
    path, line = trace_of(scene, demand, called, ask.act)
    if path:
        return unknown(
            f"{path} speaks of {demand.name} (line {line}), but not in a form that the checks know",
            sight.citation(path, line),
        )
    if works_at_length(scene, called):
        return unknown(f"whether what {where} does is {demand.name} cannot be told")
    return fails(f"nothing that {where} does is {demand.name}", 0.66)


def _hollow_namesake(scene: Scene, demand: Demand, keys: frozenset[Key]) -> Definition | None:
    """A definition that is called after the demand and does nothing."""
    for key in sorted(keys):
        definition = scene.sight.graph.definition(*key)
        if definition is None or definition.body not in _BODY_SAYS:
            continue
        for concept in demand.concepts:
            name = definition.name.replace("_", " ")
            if (concept.named_pattern and concept.named_pattern.search(definition.name)) or (
                concept.says_pattern.search(name)
            ):
                return definition
    return None


def code_demands(scene: Scene, ask: Ask) -> list[Finding]:
    """The findings for every demand that is looked for in the code alone."""
    findings: list[Finding] = []
    has_artifact = bool(ask.places.artifacts or ask.places.folders)
    for demand in ask.demands:
        if demand.kind in (Kind.METRIC, Kind.FIGURE) and has_artifact:
            continue
        if has_artifact and not ask.places.sources:
            findings.append(_background(scene, ask, demand))
        else:
            findings.append(probe_demand(scene, ask, demand))
    wiring = probe_wiring(scene, ask)
    return [*findings, wiring] if wiring is not None else findings


def _told(scene: Scene, ask: Ask, demand: Demand) -> Finding | None:
    """A method or a comparison that the artifact itself tells of, with figures beside it."""
    if demand.kind not in (Kind.METHOD, Kind.STEP) or not has_number(demand_text(scene, ask)):
        return None
    for path in ask.places.artifacts:
        if not scene.workspace.has(path):
            continue
        artifact = scene.workspace.artifact(path)
        for line in artifact.text.splitlines() if artifact.is_valid else ():
            if any(c.says_pattern.search(line) for c in demand.concepts) and has_number(line):
                return holds(
                    f"{path} tells of {demand.name}: {' '.join(line.split())[:80]!r}",
                    0.6,
                    scene.measured(artifact),
                )
    return None


def demand_text(scene: Scene, ask: Ask) -> str:
    """The text of all artifacts that a requirement names."""
    return "\n".join(
        scene.workspace.artifact(path).text
        for path in ask.places.artifacts
        if scene.workspace.has(path)
    )


def _background(scene: Scene, ask: Ask, demand: Demand) -> Finding:
    """A demand beside an artifact: some code of the workspace, or the artifact, bears it out."""
    found = probe_demand(scene, ask, demand)
    if found.state is State.HOLDS:
        return found
    told = _told(scene, ask, demand)
    if told is not None:
        return told
    if demand.kind is not None and demand.kind not in (Kind.METRIC, Kind.FIGURE):
        return found
    return unknown(found.text, *found.evidence)
