"""Values that code makes up, typed in or drawn at random, where it should compute them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_PLOTS = frozenset(
    "plot scatter bar barh hist imshow heatmap lineplot scatterplot barplot histplot fill_between "
    "matshow step boxplot pie stem contourf regplot".split()
)
_WRITES = frozenset(
    "write writelines write_text dump dumps writerow writerows to_csv savetxt".split()
)
_RANDOM = re.compile(
    r"^(?:np|numpy|random|rng|torch|tf|jax)?\.?(?:random\.)?(?:rand|randn|randint|random|uniform|"
    r"normal|standard_normal|choice|integers|random_sample|gauss|rand_like|randn_like|gamma|beta|"
    r"exponential|poisson)$"
)
_SHAPES = frozenset("arange range linspace zeros ones eye".split())


@dataclass(frozen=True)
class MadeUp:
    """A statement whose data are all made up; `how` is "typed in" or "drawn at random"."""

    line: int
    scope: str
    call: str
    how: str


def made_up_outputs(tree: ast.Module, fixed: frozenset[str] = frozenset()) -> tuple[MadeUp, ...]:
    """Plots and writes in which no value comes from anything but constants or chance.

    `fixed` are names of functions that give a constant, whatever they are given.
    """
    found: list[MadeUp] = []
    module_names = _origins(tree.body, fixed)
    for scope, body in _scopes(tree):
        names = {**module_names, **_origins(body, fixed)}
        for call in _own_calls(body):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if name not in _PLOTS | _WRITES:
                continue
            kinds = {
                kind
                for argument in (*call.args, *(k.value for k in call.keywords if k.arg in _DATA))
                for kind in _value_kinds(argument, names, fixed)
            }
            if name in _BY_VALUE and any(_is_typed_row(a, body) for a in _values_of(call)):
                found.append(MadeUp(call.lineno, scope, name, "typed in"))
                continue
            # Lines and marks at fixed places belong to many a plot of real data.
            is_mark = name in _PLOTS and not any(_is_long_constant(a, body) for a in call.args)
            if is_mark and "random" not in kinds:
                continue
            if kinds and kinds <= {"constant", "random"}:
                how = "drawn at random" if "random" in kinds else "typed in"
                found.append(MadeUp(call.lineno, scope, name, how))
    return tuple(found)


_BY_VALUE = frozenset("bar barh pie scatter plot stem imshow matshow heatmap".split())


def _values_of(call: ast.Call) -> list[ast.expr]:
    """The arguments of a plot that are its values, as opposed to places and labels."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    first = 0 if name in ("pie", "imshow", "matshow", "heatmap") or len(call.args) == 1 else 1
    named = [k.value for k in call.keywords if k.arg in ("y", "height", "width")]
    return [*call.args[first : first + 1], *named]


def _is_typed_row(node: ast.expr, body: list[ast.stmt]) -> bool:
    """A literal row of three different numbers or more, with decimals among them."""
    if isinstance(node, ast.Name):
        bound = [
            other.value
            for other in _own_statements(body)
            if isinstance(other, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == node.id for t in other.targets)
        ]
        if len(bound) != 1:
            return False
        node = bound[0]
    if not isinstance(node, (ast.List, ast.Tuple)):
        return False
    numbers = [e.value for e in node.elts if isinstance(e, ast.Constant)]
    if len(numbers) != len(node.elts) or len(set(numbers)) < 3:
        return False
    return any(isinstance(number, float) for number in numbers)


_DATA = frozenset("data x y obj".split())


def _scopes(tree: ast.Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    pending: list[tuple[str, list[ast.stmt]]] = [("", tree.body)]
    while pending:
        scope, body = pending.pop()
        yield scope, body
        for node in body:
            for inner in ast.walk(node):
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
                    if inner is node or (isinstance(node, ast.ClassDef) and inner in node.body):
                        pending.append((f"{prefix}{inner.name}", inner.body))


def _own_statements(body: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of a body but those of functions and classes defined in it."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        yield node
        pending.extend(ast.iter_child_nodes(node))


def _own_calls(body: Iterable[ast.stmt]) -> Iterator[ast.Call]:
    for node in _own_statements(body):
        if isinstance(node, ast.Call):
            yield node


def _origins(body: Iterable[ast.stmt], fixed: frozenset[str]) -> dict[str, str]:
    """Names of a body that are only ever bound to constants, or only to chance."""
    kinds: dict[str, set[str]] = {}
    nodes = sorted(
        (node for node in _own_statements(body) if isinstance(node, ast.stmt)),
        key=lambda node: node.lineno,
    )
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            known = {name: next(iter(kind)) for name, kind in kinds.items() if len(kind) == 1}
            value = _value_kinds(node.value, known, fixed)
            kind = (
                "random"
                if value and value <= {"random", "constant"} and "random" in value
                else ("constant" if value == {"constant"} else "computed")
            )
            for target in targets:
                for name in _bound(target):
                    kinds.setdefault(name, set()).add(kind)
        elif isinstance(node, (ast.AugAssign, ast.For, ast.AsyncFor)):
            for name in _bound(node.target):
                kinds.setdefault(name, set()).add("computed")
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars is not None:
                    for name in _bound(item.optional_vars):
                        kinds.setdefault(name, set()).add("computed")
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = node.value.func
            if (
                isinstance(function, ast.Attribute)
                and isinstance(function.value, ast.Name)
                and function.attr in ("append", "extend", "update", "insert", "add")
            ):
                kinds.setdefault(function.value.id, set()).add("computed")
    return {name: next(iter(kind)) for name, kind in kinds.items() if len(kind) == 1}


def _bound(target: ast.AST) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            yield node.id


def _value_kinds(node: ast.AST, names: dict[str, str], fixed: frozenset[str]) -> set[str]:
    """Of what an expression is made: constant, random, computed; text and shapes count for none."""
    if isinstance(node, ast.Constant):
        is_number = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
        return {"constant"} if is_number else set()
    if isinstance(node, ast.Name):
        return {names.get(node.id, "computed")}
    if isinstance(node, ast.Call):
        name = _dotted(node.func)
        if name.split(".")[-1] in fixed:
            return {"constant"}
        if _RANDOM.match(name) or (
            name.split(".")[-1]
            in ("normal", "uniform", "rand", "randn", "randint", "integers", "random")
        ):
            return {"random"}
        if name.split(".")[-1] in _SHAPES:
            return set()
        inner: set[str] = set()
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if name.split(".")[-1] in _TABLES and node.args:
            given = node.args[:1]  # names of columns and types are no data
        for argument in given:
            inner |= _value_kinds(argument, names, fixed)
        if isinstance(node.func, ast.Attribute):
            if isinstance(node.func.value, ast.Name) and node.func.value.id in _LIBRARIES:
                return inner
            return inner | _value_kinds(node.func.value, names, fixed)
        if isinstance(node.func, ast.Name) and node.func.id in _PLAIN:
            return inner
        return inner | {"computed"}
    if isinstance(node, (ast.Attribute, ast.Lambda, ast.Await, ast.Yield)):
        return {"computed"}
    if isinstance(node, ast.comprehension):
        return _value_kinds(node.iter, names, fixed)
    if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        return _comprehension_kinds(node, names, fixed)
    if isinstance(node, ast.DictComp):
        return {"computed"}
    kinds: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.expr_context, ast.operator, ast.unaryop)):
            kinds |= _value_kinds(child, names, fixed)
    return kinds


def _comprehension_kinds(
    node: ast.ListComp | ast.GeneratorExp | ast.SetComp,
    names: dict[str, str],
    fixed: frozenset[str],
) -> set[str]:
    """Of what the elements are made, where a loop only counts: `[9 / k for k in range(1, n)]`."""
    counters: set[str] = set()
    for generator in node.generators:
        counts = isinstance(generator.iter, ast.Call) and _dotted(generator.iter.func) == "range"
        if not counts and _value_kinds(generator.iter, names, fixed) - {"constant"}:
            return {"computed"}
        counters |= set(_bound(generator.target))
    return _value_kinds(node.elt, {**names, **dict.fromkeys(counters, "constant")}, fixed)


_TABLES = frozenset("DataFrame Series array asarray tensor ndarray full".split())
_LIBRARIES = frozenset("np numpy pd pandas json math torch".split())
_PLAIN = frozenset("str float int round list dict tuple len sorted format abs min max sum".split())


def _is_long_constant(node: ast.AST, body: list[ast.stmt]) -> bool:
    """Whether an argument is, or names, a literal list of three numbers or more."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return len(node.elts) >= 3
    if isinstance(node, ast.Call):
        return any(_is_long_constant(argument, body) for argument in node.args)
    if isinstance(node, ast.Name):
        for other in _own_statements(body):
            if isinstance(other, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == node.id for t in other.targets
            ):
                return not isinstance(other.value, ast.Name) and _is_long_constant(
                    other.value, body
                )
    return False


def _dotted(node: ast.AST) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))
