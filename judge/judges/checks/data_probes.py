"""Probes of the data: whether a program reads the dataset asked for, or makes something up."""

from __future__ import annotations

import re
from posixpath import basename, splitext

from judge.code import Call
from judge.code.facts import Key
from judge.evidence import missing
from judge.judges.checks.asking import Act, Ask, Demand
from judge.judges.checks.deaths import death_before
from judge.judges.checks.findings import Finding, fails, holds, unknown
from judge.judges.checks.scene import Scene
from judge.judges.checks.sight import Sighting
from judge.judges.checks.traces import trace_of, works_at_length
from judge.judges.checks.vocabulary import Kind, matches_call
from judge.judges.checks.vocabulary.datasets import DATASETS
from judge.trajectory import DataOrigin, data_origins

_RANDOM = (
    "numpy.random.* random.* torch.rand torch.randn torch.randint tf.random.* "
    "sklearn.datasets.make_* make_classification make_regression make_blobs make_moons "
    ".standard_normal .normal .uniform .integers .random .randn .rand .randint .choice .poisson "
    ".gamma .exponential .multivariate_normal FakeData"
).split()
_SEEDS = re.compile(
    r"(?:^|\.)(?:seed|shuffle|permutation|sample|RandomState|default_rng|manual_seed)$"
)
_URL = re.compile(r"^(?:https?|ftp|s3|hf)://")
_RESULT = re.compile(r"(?:\./)?(?:results?|outputs?|models?|metrics|figures|reports?|logs?)/")
_DATA_FILE = re.compile(
    r"\.(?:csv|tsv|txt|json|jsonl|parquet|xlsx?|data|npz?|h5|zip|gz|arff|db)$", re.I
)


def probe_dataset(
    scene: Scene, ask: Ask, demand: Demand, own: frozenset[Key], called: frozenset[Key]
) -> Finding:
    """Whether the code of a region reads one of the datasets a demand names."""
    where = " and ".join(ask.places.sources) or "the code"
    sighting = _read_by(scene, demand, own, called, ask.act)
    if sighting is not None:
        return _read(scene, ask, demand, sighting, called)
    if ask.act is Act.DO:
        idle = _read_by(scene, demand, own, called, Act.DEFINE)
        if idle is not None:
            return fails(
                f"{idle.path} would read {demand.name} (line {idle.line}), but that is never "
                "reached",
                0.75,
                scene.sight.citation(idle.path, idle.line),
            )
    made = _made(scene, called, ask.act)
    other = _another(scene, demand, called, ask.act)
    if other is not None:
        name, seen = other
        return fails(
            f"{seen.path} reads {name} (line {seen.line}) and not {demand.name}",
            0.8,
            scene.sight.citation(seen.path, seen.line),
        )
    local = _local_read(scene, called, ask.act)
    if local is not None:
        origin = _origin_of(scene, local.what)
        if origin is not None:
            return fails(
                f"{local.what}, which {where} reads, was made up by the agent",
                0.8,
                scene.origins.step_citation(origin.step, origin.quote),
            )
        return unknown(
            f"{local.path} reads {local.what}; whether that is {demand.name} cannot be told",
            scene.sight.citation(local.path, local.line),
        )
    if made is not None:
        return fails(
            f"{made.path} draws its data from {made.name} (line {made.line}) instead of reading "
            f"{demand.name}",
            0.85,
            scene.sight.citation(made.path, made.line),
        )
    if not scene.sight.product_paths:
        return fails(f"there is no code that reads {demand.name}", 0.8)
    path, line = trace_of(scene, demand, called, ask.act)
    if path and works_at_length(scene, called, fewest=1):
        return unknown(
            f"{path} speaks of {demand.name} (line {line}), but not in a form that the checks know",
            scene.sight.citation(path, line),
        )
    if works_at_length(scene, called):
        return unknown(f"whether what {where} works with is {demand.name} cannot be told")
    return fails(f"nothing that {where} does reads {demand.name}", 0.7)


def _read_by(
    scene: Scene, demand: Demand, own: frozenset[Key], called: frozenset[Key], act: Act
) -> Sighting | None:
    best: Sighting | None = None
    for keys in (own, called):
        for concept in demand.concepts:
            found = scene.sight.find(concept, keys, act)
            if found is not None and (best is None or found.strength > best.strength):
                best = found
        if best is not None:
            return best
    return None


def _read(
    scene: Scene, ask: Ask, demand: Demand, sighting: Sighting, keys: frozenset[Key]
) -> Finding:
    citation = scene.sight.citation(sighting.path, sighting.line)
    if ask.act is Act.DO:
        death = death_before(scene, sighting, f"the reading of {demand.name}")
        if death is not None:
            return death
    instead = _something_else(scene, demand, sighting)
    if instead is not None:
        return instead
    absent = _absent_file(scene, sighting)
    if absent:
        return fails(
            f"{sighting.path} reads {absent}, which is not there and which nothing makes",
            0.68,
            citation,
            missing(absent),
        )
    hollow = _hollow_file(scene, sighting)
    if hollow is not None:
        return hollow
    for path in _files_read(scene, keys):
        origin = _origin_of(scene, path)
        if origin is not None:
            return fails(
                f"{path} was made up by the agent, so {demand.name} is not what is read",
                0.78,
                scene.origins.step_citation(origin.step, origin.quote),
            )
    made = _made(scene, keys, ask.act)
    general = _origin_of(scene, None) if made is not None else None
    if general is not None:
        return fails(
            f"in the run that left this output the data were made up and not {demand.name}",
            0.7,
            scene.origins.step_citation(general.step, general.quote),
        )
    if made is not None and scene.inspection.trajectory is None and _file_of(scene, sighting):
        return unknown(
            f"{sighting.path} reads {demand.name} from a file, but {made.path} also draws data "
            f"from {made.name} (line {made.line})",
            citation,
        )
    strength = min(sighting.strength, 0.62) if made is not None else sighting.strength
    what = " ".join(sighting.what.split())[:90]
    return holds(
        f"{demand.name} is read in {sighting.path} by {what}, line {sighting.line}",
        strength,
        citation,
    )


def _something_else(scene: Scene, demand: Demand, sighting: Sighting) -> Finding | None:
    """Where the code falls back to other data: whether that is what ran.

    A run that printed what the fallback prints decides against; with a trajectory that shows no
    such thing the data stand; without one it cannot be told which of the two was read.
    """
    fallbacks = scene.origins.fallbacks
    around = [
        f for f in fallbacks.around(sighting.path, sighting.line, sighting.scope) if not f.ends
    ]
    for writer in scene.origins.writers(_file_of(scene, sighting)):
        around += fallbacks.reaching(writer.path, writer.line, writer.scope)
    if not around:
        return None
    observed = fallbacks.observation_of(around)
    if observed is not None:
        return fails(
            f"in the run, {demand.name} could not be had and something else was used: "
            f"{observed.quote!r}",
            0.8,
            scene.origins.step_citation(observed.step, observed.quote),
        )
    if scene.inspection.trajectory is None and any(
        _makes_data(scene, fallback.path, fallback.instead) for fallback in around
    ):
        return unknown(
            f"{sighting.path} reads {demand.name} or, where that fails, other data; which of them "
            "was used cannot be told",
            scene.sight.citation(sighting.path, sighting.line),
        )
    return None


def _file_of(scene: Scene, sighting: Sighting) -> str:
    return next(
        (
            use.target
            for use in scene.sight.graph.uses_in(sighting.path)
            if use.line == sighting.line and use.mode == "read"
        ),
        "",
    )


def _makes_data(scene: Scene, path: str, span: tuple[int, int]) -> bool:
    """Whether a block calls something of the project, or a library that makes or holds data."""
    for call in scene.sight.graph.calls_in(path):
        if span[0] <= call.line <= span[1] and (
            call.targets
            or any(matches_call(p, call.name) for p in _RANDOM)
            or call.name.startswith("sklearn.datasets.")
            or call.name.startswith("pandas.DataFrame")
        ):
            return True
    return False


def _absent_file(scene: Scene, sighting: Sighting) -> str:
    """The local file that the sighting reads and that neither is there nor is made by anything."""
    for use in scene.sight.graph.uses_in(sighting.path):
        if use.line != sighting.line or use.mode != "read" or _URL.match(use.target):
            continue
        if "*" in use.target or not _DATA_FILE.search(use.target):
            continue
        name = basename(use.target)
        is_there = any(basename(path) == name for path in scene.paths)
        is_made = bool(scene.origins.writers(use.target)) or _mentioned_download(scene, name)
        if not is_there and not is_made:
            return use.target
    return ""


def _hollow_file(scene: Scene, sighting: Sighting) -> Finding | None:
    """The file that is read is there but holds no data."""
    path = _file_of(scene, sighting)
    if path not in scene.paths:
        return None
    artifact = scene.workspace.artifact(path)
    rows = artifact.facts.get("rows")
    if artifact.is_valid and rows != 0:
        return None
    return fails(f"{path}, which is read, holds no data", 0.85, scene.measured(artifact))


def _mentioned_download(scene: Scene, name: str) -> bool:
    stem = splitext(name)[0].lower()
    for call in scene.sight.graph.calls:
        if any(
            text and _URL.match(text) and stem in text.lower()
            for text in (*call.arguments, *call.keywords.values())
        ):
            return True
    write = scene.origins.last_write(name)
    return write is not None and write.how in ("download", "copy", "program")


def _files_read(scene: Scene, keys: frozenset[Key]) -> list[str]:
    return [
        use.target
        for path in sorted({path for path, _ in keys})
        for use in scene.sight.graph.uses_in(path)
        if use.mode == "read" and (path, use.scope) in keys and not _URL.match(use.target)
    ]


def _origin_of(scene: Scene, path: str | None) -> DataOrigin | None:
    """The step in which the trajectory shows data being made up: this file, or any at all."""
    trajectory = scene.inspection.trajectory
    if trajectory is None:
        return None
    found = [origin for origin in data_origins(trajectory) if origin.kind == "made_up"]
    if path is None:
        return found[-1] if found else None
    name = basename(path)
    matching = [o for o in found if o.path is not None and basename(o.path) == name and name]
    return matching[-1] if matching else None


def _made(scene: Scene, keys: frozenset[Key], act: Act) -> Call | None:
    """A call of the region that draws numbers from chance, beyond seeding and shuffling."""
    for key in sorted(keys):
        for call in scene.sight.calls_by_key.get(key, ()):
            if act is Act.DO and not call.is_reached:
                continue
            if not scene.sight.is_live(call.path, call.line) or _SEEDS.search(call.name):
                continue
            if call.targets:
                continue
            names = (call.name, f"{call.origin}.{call.method}" if call.origin else "")
            if any(n and matches_call(p, n) for p in _RANDOM for n in names):
                return call
    return None


def _another(
    scene: Scene, demand: Demand, keys: frozenset[Key], act: Act
) -> tuple[str, Sighting] | None:
    """Another dataset of the vocabulary that the region reads by a loader of its own."""
    for concept in DATASETS:
        if concept in demand.concepts or not concept.calls or concept.kind is not Kind.DATASET:
            continue
        found = scene.sight.find(concept, keys, act)
        if (
            found is not None
            and found.strength >= 0.85
            and any(matches_call(pattern, found.what) for pattern in concept.calls)
        ):
            return concept.name, found
    return None


def _local_read(scene: Scene, keys: frozenset[Key], act: Act) -> Sighting | None:
    for path in sorted({path for path, _ in keys}):
        for use in scene.sight.graph.uses_in(path):
            if use.mode == "read" and (path, use.scope) in keys:
                if act is Act.DO and not use.is_reached:
                    continue
                if _RESULT.match(use.target):
                    continue
                if _DATA_FILE.search(use.target) or "*" in use.target:
                    return Sighting(path, use.line, use.scope, use.target, 0.5)
    return None
