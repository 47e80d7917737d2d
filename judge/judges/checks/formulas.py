"""What code computes by hand: standardised values, error figures, nearest neighbours, filters.

Each detector gives the line at which a scope does what is looked for, or 0. They go by how values
flow through the scope, and never by what somebody calls them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

_MEANS = frozenset({"mean", "nanmean", "average", "median", "fmean", "reduce_mean"})
_SPREADS = frozenset(
    {"std", "nanstd", "stdev", "pstdev", "sqrt", "var", "norm", "std_dev", "reduce_std", "quantile"}
)
_LEAST = frozenset({"min", "amin", "nanmin", "reduce_min"})
_SUMS = frozenset({"mean", "sum", "average", "nanmean", "fmean", "reduce_mean", "fsum"})
_ORDERS = frozenset(
    {"argsort", "argpartition", "topk", "nsmallest", "sorted", "sort", "kneighbors", "query"}
)
_VOTES = frozenset(
    {"mean", "bincount", "Counter", "mode", "most_common", "unique", "argmax", "sum", "median"}
)


def standardises(node: ast.AST) -> int:
    """Values have their mean taken away and are divided by their spread."""
    return _shifted_and_divided(node, _MEANS, _SPREADS)


def scales(node: ast.AST) -> int:
    """Values are standardised, or brought into the range between their extremes."""
    return standardises(node) or _shifted_and_divided(node, _LEAST, None)


def _shifted_and_divided(
    node: ast.AST, shifts: frozenset[str], spreads: frozenset[str] | None
) -> int:
    if isinstance(node, ast.ClassDef):
        return 0
    made = _bound_to_calls(node)
    taken_away: dict[str, int] = {}
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Assign, ast.AugAssign)):
            targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
            is_shift = (
                isinstance(inner, ast.AugAssign)
                and isinstance(inner.op, ast.Sub)
                and _comes_from(inner.value, shifts, made)
            ) or (isinstance(inner, ast.Assign) and _is_shift(inner.value, shifts, made))
            if is_shift:
                taken_away.update({ast.unparse(target): inner.lineno for target in targets})
    for inner in ast.walk(node):
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Div):
            above, below = inner.left, inner.right
            is_shifted = _is_shift(above, shifts, made) or ast.unparse(above) in taken_away
        elif isinstance(inner, ast.AugAssign) and isinstance(inner.op, ast.Div):
            above, below = inner.target, inner.value
            is_shifted = ast.unparse(above) in taken_away
        else:
            continue
        if is_shifted and (spreads is None or _comes_from(below, spreads, made)):
            return inner.lineno
    return 0


def _is_shift(node: ast.AST, shifts: frozenset[str], made: dict[str, set[str]]) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and _comes_from(node.right, shifts, made)
    )


def _comes_from(node: ast.AST, calls: frozenset[str], made: dict[str, set[str]]) -> bool:
    """Whether an expression holds one of the calls, or a name or attribute bound to one."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and called(inner) in calls:
            return True
        if (
            isinstance(inner, (ast.Name, ast.Attribute))
            and made.get(ast.unparse(inner), set()) & calls
        ):
            return True
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Pow) and "sqrt" in calls:
            return True
    return False


def _bound_to_calls(node: ast.AST) -> dict[str, set[str]]:
    """By name or attribute, the calls in what it is bound to; through other names as well."""
    made: dict[str, set[str]] = {}
    pairs = [pair for inner in ast.walk(node) for pair in _bindings(inner)]
    for _ in range(3):
        for target, value in pairs:
            found = made.setdefault(target, set())
            for part in ast.walk(value):
                if isinstance(part, ast.Call):
                    found.add(called(part))
                elif isinstance(part, (ast.Name, ast.Attribute)):
                    found |= made.get(ast.unparse(part), set())
    return made


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """(target, value) of a binding; a tuple of targets is matched with a tuple of values."""
    if isinstance(node, ast.NamedExpr):
        yield ast.unparse(node.target), node.value
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        yield ast.unparse(node.target), node.value
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        if isinstance(target, ast.Tuple):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else []
            for at, element in enumerate(target.elts):
                matching = values[at] if len(values) == len(target.elts) else node.value
                yield ast.unparse(element), matching
        else:
            yield ast.unparse(target), node.value


def squared_error(node: ast.AST) -> int:
    """The mean of squared differences."""
    return _error(node, _is_square)


def absolute_error(node: ast.AST) -> int:
    """The mean of absolute differences."""
    return _error(node, _is_absolute)


def _is_square(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return isinstance(node.right, ast.Constant) and node.right.value == 2
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return ast.unparse(node.left) == ast.unparse(node.right)
    return isinstance(node, ast.Call) and called(node) in ("square", "pow")


def _is_absolute(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and called(node) in ("abs", "absolute", "fabs")


def _error(node: ast.AST, is_part: Callable[[ast.AST], bool]) -> int:
    """A mean or sum over a part that works on a difference, by itself or by a name."""
    if isinstance(node, ast.ClassDef):
        return 0
    differences = {
        target
        for inner in ast.walk(node)
        for target, value in _bindings(inner)
        if any(isinstance(p, ast.BinOp) and isinstance(p.op, ast.Sub) for p in ast.walk(value))
    }
    parts: list[ast.AST] = []
    for inner in ast.walk(node):
        if not is_part(inner):
            continue
        holds_difference = any(
            (isinstance(p, ast.BinOp) and isinstance(p.op, ast.Sub))
            or (isinstance(p, ast.Name) and p.id in differences)
            for p in ast.walk(inner)
        )
        if holds_difference:
            parts.append(inner)
    if not parts:
        return 0
    for inner in ast.walk(node):
        if not isinstance(inner, (ast.Call, ast.AugAssign)):
            continue
        is_sum = isinstance(inner, ast.AugAssign) and isinstance(inner.op, ast.Add)
        is_sum = is_sum or called(inner) in _SUMS
        if is_sum and any(part in parts for part in ast.walk(inner)):
            return inner.lineno
    return 0


def hit_rate(node: ast.AST) -> int:
    """The mean, or the share, of values that are equal to others."""
    if isinstance(node, ast.ClassDef):
        return 0
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and called(inner) in _SUMS | {"count_nonzero"}:
            for part in ast.walk(inner):
                if (
                    isinstance(part, ast.Compare)
                    and isinstance(part.ops[0], ast.Eq)
                    and not isinstance(part.comparators[0], ast.Constant)
                ):
                    return inner.lineno
    return 0


def evaluates(node: ast.AST) -> int:
    """A figure of error or of success is computed from two sets of values."""
    return squared_error(node) or absolute_error(node) or hit_rate(node)


def nearest_neighbours(node: ast.AST) -> int:
    """Points are put in order of their distance, and the first of them vote."""
    names = {called(inner) for inner in ast.walk(node) if isinstance(inner, ast.Call)}
    if not names & _ORDERS or not names & _VOTES:
        return 0
    measures = bool(names & {"norm", "cdist", "dist", "euclidean", "sqrt", "kneighbors", "query"})
    measures = measures or any(
        _is_square(inner) or (isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.MatMult))
        for inner in ast.walk(node)
    )
    if not measures:
        return 0
    return next(
        inner.lineno
        for inner in ast.walk(node)
        if isinstance(inner, ast.Call) and called(inner) in _ORDERS
    )


def rival_models(node: ast.AST) -> int:
    """Several models are made side by side and one loop, or one function, takes them all."""
    if isinstance(node, ast.ClassDef):
        return 0
    tables: dict[str, ast.AST] = {}
    for inner in ast.walk(node):
        for target, value in _bindings(inner):
            if len(_constructors(value)) >= 2:
                tables[target] = value
    for inner in ast.walk(node):
        if isinstance(inner, (ast.For, ast.comprehension)):
            looped = {ast.unparse(p) for p in ast.walk(inner.iter) if isinstance(p, ast.Name)}
            if looped & set(tables) or len(_constructors(inner.iter)) >= 2:
                return getattr(inner, "lineno", inner.iter.lineno)
    return 0


def _constructors(node: ast.AST) -> set[str]:
    """Names of different classes that the elements of a literal table are made from."""
    values: list[ast.expr] = []
    if isinstance(node, ast.Dict):
        values = list(node.values)
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        for element in node.elts:
            values += element.elts if isinstance(element, ast.Tuple) else [element]
    names = {called(value) for value in values if isinstance(value, ast.Call)}
    return {name for name in names if name[:1].isupper()}


def stop_word_filter(node: ast.AST) -> int:
    """Words are kept that do not stand in a collection called after stop words."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Compare) and isinstance(inner.ops[0], (ast.NotIn, ast.In)):
            text = ast.unparse(inner.comparators[0]).lower()
            if "stop" in text:
                return inner.lineno
        if (
            isinstance(inner, ast.BinOp)
            and isinstance(inner.op, ast.Sub)
            and "stop" in ast.unparse(inner.right).lower()
        ):
            return inner.lineno
    return 0


def tries_settings(node: ast.AST) -> int:
    """A loop over listed settings hands each on to what is fitted or scored in its body."""
    if isinstance(node, ast.ClassDef):
        return 0
    lists = {
        target
        for inner in ast.walk(node)
        for target, value in _bindings(inner)
        if isinstance(value, (ast.List, ast.Tuple)) and len(value.elts) >= 2
    }
    for loop in ast.walk(node):
        if not isinstance(loop, ast.For) or not _lists_settings(loop.iter, lists):
            continue
        names = {part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
        calls = [p for s in loop.body for p in ast.walk(s) if isinstance(p, ast.Call)]
        is_handed = any(
            isinstance(value, ast.Name) and value.id in names
            for call in calls
            for value in (*call.args, *(keyword.value for keyword in call.keywords))
        )
        if is_handed and any(called(call) in _FITS for call in calls):
            return loop.lineno
    return 0


_FITS = frozenset("fit score train backward cross_val_score fit_predict train_and_score".split())


def _lists_settings(node: ast.expr, lists: set[str]) -> bool:
    """Whether a loop goes over a literal list of numbers or texts, or a product of such."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return len(node.elts) >= 2 and all(isinstance(e, ast.Constant) for e in node.elts)
    if isinstance(node, ast.Name):
        return node.id in lists
    if isinstance(node, ast.Call) and called(node) == "product":
        return any(_lists_settings(argument, lists) for argument in node.args)
    return False


def stops_early(node: ast.AST) -> int:
    """A count of rounds goes up, is set back when things get better, and ends the loop."""
    if isinstance(node, ast.ClassDef):
        return 0
    for loop in ast.walk(node):
        if not isinstance(loop, (ast.For, ast.While)):
            continue
        up = {
            ast.unparse(inner.target)
            for inner in ast.walk(loop)
            if isinstance(inner, ast.AugAssign) and isinstance(inner.op, ast.Add)
        }
        back = {
            target
            for inner in ast.walk(loop)
            if isinstance(inner, ast.If)
            for branch in (*inner.body, *inner.orelse)
            for target, value in _bindings(branch)
            if isinstance(value, ast.Constant) and value.value == 0
        }
        ends = (
            {ast.unparse(p) for p in ast.walk(loop.test)} if isinstance(loop, ast.While) else set()
        )
        for inner in ast.walk(loop):
            if isinstance(inner, ast.If) and any(
                isinstance(statement, (ast.Break, ast.Return)) for statement in inner.body
            ):
                ends |= {ast.unparse(part) for part in ast.walk(inner.test)}
        if up & back & ends:
            return loop.lineno
    return 0


def called(node: ast.AST) -> str:
    """The last part of the name that a call is made by; "" for another node."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
