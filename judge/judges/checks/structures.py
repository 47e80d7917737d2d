"""Algorithms that show by their structure, whatever their names are."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from judge.judges.checks import formulas

Detector = Callable[[ast.AST], int]
"""Gives the line at which a function does what is looked for, or 0."""

_MAXIMA = frozenset({"max", "amax", "nanmax", "maximum"})


def q_learning(function: ast.AST) -> int:
    """A table is updated towards the maximum of its own values at another state."""
    updated: dict[str, tuple[int, str]] = {}
    maxima: dict[str, set[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                subscript = _outermost(target)
                if subscript is not None and _has_product(node.value):
                    name = ast.unparse(subscript.value)
                    updated[name] = (node.lineno, ast.unparse(subscript.slice))
        array = _maximum_of(node)
        if array is not None:
            maxima.setdefault(ast.unparse(array.value), set()).add(ast.unparse(array.slice))
    if isinstance(function, ast.ClassDef):
        return 0  # its methods are looked at one by one
    for name, (line, index) in updated.items():
        if any(
            other.split(",")[0] != index.split(",")[0].strip("()") for other in maxima.get(name, ())
        ):
            return line
    return 0


def k_means(function: ast.AST) -> int:
    """Points go to the nearest of some centres, and centres to the mean of their points."""
    if isinstance(function, ast.ClassDef):
        return 0
    nearest = mean = 0
    loops = any(isinstance(node, (ast.For, ast.While)) for node in ast.walk(function))
    for node in ast.walk(function):
        name = _called(node)
        if name == "argmin":
            nearest = node.lineno if isinstance(node, ast.Call) else nearest
        elif name in ("mean", "average"):
            mean = 1
    return nearest if nearest and mean and loops else 0


def factorisation(function: ast.AST) -> int:
    """Rows of two arrays are multiplied, and both are moved in a loop."""
    if isinstance(function, ast.ClassDef):
        return 0
    moved: dict[str, int] = {}
    for loop in ast.walk(function):
        if not isinstance(loop, (ast.For, ast.While)):
            continue
        for node in ast.walk(loop):
            targets: list[ast.expr] = []
            if isinstance(node, ast.AugAssign):
                targets = [node.target]
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    targets += target.elts if isinstance(target, ast.Tuple) else [target]
            for target in targets:
                if isinstance(target, ast.Subscript) and _has_product(node):
                    moved.setdefault(ast.unparse(target.value), target.lineno)
    multiplied = {
        ast.unparse(side.value)
        for node in ast.walk(function)
        if isinstance(node, (ast.BinOp, ast.Call))
        for side in _sides(node)
        if isinstance(side, ast.Subscript)
    }
    both = [name for name in moved if name in multiplied]
    return moved[both[0]] if len(both) >= 2 else 0


def deep_q_learning(function: ast.AST) -> int:
    """A network is fitted towards a reward plus a share of its own best value afterwards."""
    if isinstance(function, ast.ClassDef):
        return 0
    best = fits = 0
    sums = False
    for node in ast.walk(function):
        name = _called(node)
        if name in _MAXIMA | {"reduce_max"} and isinstance(node, ast.Call):
            best = node.lineno
        elif name in ("backward", "fit", "train_on_batch", "apply_gradients", "minimize"):
            fits = 1
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _has_product(node):
            sums = True
    return best if best and fits and sums else 0


def factor_network(node: ast.AST) -> int:
    """A network of two embeddings that are multiplied, and of no further layer."""
    if not isinstance(node, ast.ClassDef):
        return 0
    names = [_called(inner) for inner in ast.walk(node)]
    products = any(
        isinstance(inner, ast.BinOp)
        and isinstance(inner.op, ast.Mult)
        and not isinstance(inner.left, ast.Constant)
        and not isinstance(inner.right, ast.Constant)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name in ("forward", "call")
        for inner in ast.walk(method)
    )
    is_plain = names.count("Embedding") >= 2 and not {"Linear", "Dense"} & set(names)
    multiplies = products or {"bmm", "matmul", "einsum", "Dot", "dot", "mul"} & set(names)
    return node.lineno if is_plain and multiplies else 0


def twin_branches(node: ast.AST) -> int:
    """A network sends two inputs through one and the same part of it."""
    if not isinstance(node, ast.ClassDef):
        return 0
    for method in node.body:
        if not isinstance(method, ast.FunctionDef) or method.name not in ("forward", "call"):
            continue
        inputs: dict[str, set[str]] = {}
        for inner in ast.walk(method):
            if isinstance(inner, ast.Call) and len(inner.args) == 1:
                part = ast.unparse(inner.func)
                if part.startswith("self."):
                    inputs.setdefault(part, set()).add(ast.unparse(inner.args[0]))
        parameters = {argument.arg for argument in method.args.args[1:]}
        if any(len(given & parameters) >= 2 for given in inputs.values()):
            return method.lineno
    return 0


DETECTORS: dict[str, Detector] = {
    "Siamese network": twin_branches,
    "DQN": deep_q_learning,
    "Q-learning": q_learning,
    "k-means": k_means,
    "matrix factorisation": lambda node: factorisation(node) or factor_network(node),
    "KNN": formulas.nearest_neighbours,
    "standardisation": formulas.standardises,
    "feature scaling": formulas.scales,
    "normalisation": formulas.scales,
    "stop-word removal": formulas.stop_word_filter,
    "evaluation": formulas.evaluates,
    "comparison with another model": formulas.rival_models,
    "hyperparameter tuning": formulas.tries_settings,
    "early stopping": formulas.stops_early,
    "RMSE": formulas.squared_error,
    "MSE": formulas.squared_error,
    "MAE": formulas.absolute_error,
    "accuracy": formulas.hit_rate,
}


def functions_of(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every function and method, and the module's own level, by qualified name."""

    def inside(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.AST]]:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield f"{prefix}{node.name}", node
                yield from inside(node.body, f"{prefix}{node.name}.")

    yield from inside(tree.body, "")
    level = [
        node
        for node in tree.body
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    ]
    yield "", ast.Module(body=level, type_ignores=[])


def _outermost(target: ast.expr) -> ast.Subscript | None:
    """`Q[s][a]` and `Q[s, a]` as the subscript of the table by its state."""
    if not isinstance(target, ast.Subscript):
        return None
    while isinstance(target.value, ast.Subscript):
        target = target.value
    return target


def _has_product(node: ast.AST) -> bool:
    return any(
        isinstance(inner, ast.BinOp) and isinstance(inner.op, (ast.Mult, ast.MatMult))
        for inner in ast.walk(node)
    )


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _maximum_of(node: ast.AST) -> ast.Subscript | None:
    """The array element whose largest value an expression takes."""
    if _called(node) not in _MAXIMA or not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Subscript):
        return node.func.value
    for argument in node.args:
        inner = argument
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            inner = inner.func.value  # max(q[s].values())
        if isinstance(inner, ast.Subscript):
            return inner
    return None


def _sides(node: ast.BinOp | ast.Call) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return [node.left, node.right] if isinstance(node.op, (ast.Mult, ast.MatMult)) else []
    if _called(node) in ("dot", "matmul", "inner", "sum"):
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        return [*node.args, *([receiver] if receiver is not None else [])]
    return []
