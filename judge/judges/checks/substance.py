"""How much a Python body does with what it is given, and classes whose work is left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from judge.judges.checks.undefined import undefined_names, unset_attribute

# Calls that shape no result: they show, log, count, wrap or make room.
_IDLE = frozenset(
    "print info debug warning error log len str int float bool repr format range list dict tuple "
    "set super isinstance hasattr getattr setattr type id round makedirs mkdir time perf_counter "
    "to_numpy copy astype tolist reset_index head item numpy detach cpu to squeeze reshape ravel "
    "flatten get items keys values append sleep Path getLogger manual_seed seed strip title ljust "
    "rjust sorted enumerate zip".split()
)
_MAIN_METHODS = (
    "forward",
    "call",
    "fit",
    "train",
    "predict",
    "transform",
    "step",
    "detect",
    "training_step",
    "learn",
    "fit_transform",
    "generate",
    "score",
)
_LEARNS = frozenset({"fit", "train", "learn", "partial_fit"})
_APPLIES = frozenset({"predict", "predict_proba", "transform", "score", "forward", "recommend"})


@dataclass(frozen=True)
class Substance:
    """Of one definition: operations on data, and why it is hollow ("" where it is not)."""

    operations: int
    hollow: str
    gives: bool = True  # whether it gives something back, or changes what it is given
    is_fixed: bool = False  # whether all it ever gives back is constant


def substance_of(tree: ast.Module, dead: frozenset[int]) -> dict[str, Substance]:
    """By qualified name, of every function, method and class; dead lines count for nothing."""
    found: dict[str, Substance] = {}
    undefined = undefined_names(tree, dead)
    overridden = {
        base.id
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name)
    }
    level = [s for s in tree.body if not isinstance(s, (*_FUNCTIONS, ast.ClassDef))]
    found[""] = Substance(_operations(ast.Module(body=level, type_ignores=[]), dead), "")
    for qualified, node in _definitions(tree.body, ""):
        if isinstance(node, ast.ClassDef):
            methods = {n.name: n for n in node.body if isinstance(n, _FUNCTIONS)}
            operations = sum(_operations(method, dead) for method in methods.values())
            hollow = "" if node.name in overridden else _hollow_class(node, methods, dead)
            hollow = hollow or unset_attribute(node, dead)
            found[qualified] = Substance(operations, hollow)
        else:
            name = undefined.get(qualified, "")
            hollow = f"{qualified} uses {name}, which is nowhere defined" if name else ""
            found[qualified] = Substance(
                _operations(node, dead), hollow, _gives(node, dead), _is_fixed(node, dead)
            )
    return found


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _is_fixed(node: ast.FunctionDef | ast.AsyncFunctionDef, dead: frozenset[int]) -> bool:
    given = [
        inner.value
        for inner in ast.walk(node)
        if isinstance(inner, ast.Return) and inner.lineno not in dead and inner.value is not None
    ]
    return bool(given) and all(_is_constant(value) for value in given)


def _gives(node: ast.FunctionDef | ast.AsyncFunctionDef, dead: frozenset[int]) -> bool:
    """Whether a function gives something new back, or changes an object it was handed."""
    parameters = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
    bound = {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name)
        and isinstance(inner.ctx, ast.Store)
        and inner.lineno not in dead
    }
    for inner in ast.walk(node):
        if getattr(inner, "lineno", 0) in dead:
            continue
        if isinstance(inner, (ast.Yield, ast.YieldFrom)):
            return True
        if isinstance(inner, ast.Return) and inner.value is not None:
            is_same = isinstance(inner.value, ast.Name) and inner.value.id in parameters - bound
            if not is_same:
                return True
        if isinstance(inner, (ast.Attribute, ast.Subscript)) and isinstance(inner.ctx, ast.Store):
            owner: ast.AST = inner
            while isinstance(owner, (ast.Attribute, ast.Subscript)):
                owner = owner.value
            if isinstance(owner, ast.Name) and owner.id in parameters:
                return True
        if isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call):
            function = inner.value.func
            called_on = function.value if isinstance(function, ast.Attribute) else None
            if isinstance(called_on, ast.Name) and called_on.id in parameters:
                return True
    return False


def _definitions(
    body: list[ast.stmt], prefix: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    for node in body:
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield f"{prefix}{node.name}", node
            yield from _definitions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            for name in ("body", "orelse", "finalbody"):
                yield from _definitions(getattr(node, name, []), prefix)


def _operations(node: ast.AST, dead: frozenset[int]) -> int:
    """Operations of a body whose operands come from somewhere, and calls that get such data."""
    count = 0
    pending: list[ast.AST] = list(ast.iter_child_nodes(node))
    if isinstance(node, _FUNCTIONS):
        pending = list(node.body)
    while pending:
        child = pending.pop()
        if getattr(child, "lineno", 0) in dead:
            continue
        if isinstance(child, ast.Call):
            name = _last_name(child.func)
            if name in ("print", "info", "debug", "warning", "error", "log", "write"):
                continue
            if name not in _IDLE and _takes_data(child):
                count += 1
        elif isinstance(child, ast.BinOp):
            is_text = _is_text(child.left) or _is_text(child.right)
            if not is_text and not (_is_constant(child.left) and _is_constant(child.right)):
                count += 1
        elif isinstance(child, ast.AugAssign):
            count += not _is_constant(child.value) or isinstance(child.target, ast.Subscript)
        elif isinstance(child, (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)):
            count += any(generator.ifs for generator in child.generators)
        elif isinstance(child, ast.Subscript) and isinstance(child.slice, (ast.Compare, ast.Slice)):
            count += 1
        pending.extend(ast.iter_child_nodes(child))
    return count


def _takes_data(call: ast.Call) -> bool:
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(not _is_constant(value) for value in values):
        return True
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    return receiver is not None and not isinstance(receiver, ast.Constant)


def _is_constant(node: ast.AST) -> bool:
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return all(_is_constant(element) for element in node.elts)
    if isinstance(node, ast.Dict):
        return all(_is_constant(value) for value in node.values)
    if isinstance(node, ast.UnaryOp):
        return _is_constant(node.operand)
    return isinstance(node, ast.Constant)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _hollow_class(
    node: ast.ClassDef,
    methods: dict[str, ast.FunctionDef | ast.AsyncFunctionDef],
    dead: frozenset[int],
) -> str:
    """Why a class does not do its work, or ""."""
    if any(_last_name(base) in ("ABC", "Protocol", "ABCMeta") for base in node.bases):
        return ""
    for name in _MAIN_METHODS:
        method = methods.get(name)
        if method is not None and _is_hollow(method, dead):
            return f"{node.name}.{name} does nothing with what it is given"
    learning = [methods[name] for name in methods if name in _LEARNS]
    applying = [methods[name] for name in methods if name in _APPLIES]
    if learning and applying and not node.bases:
        state = {
            name
            for method in (*learning, *methods.values())
            for name in _set_on_self(method)
            if method.name != "__init__"
        }
        made = state | _built_in_init(methods.get("__init__"))
        if not any(made & _reached_on_self(method, methods) for method in applying):
            return f"{node.name}.{applying[0].name} uses nothing that {learning[0].name} learned"
    return ""


def _is_hollow(method: ast.FunctionDef | ast.AsyncFunctionDef, dead: frozenset[int]) -> bool:
    """A body in which neither a parameter nor the object's state is worked on."""
    statements = [
        s
        for s in method.body
        if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        and not isinstance(s, ast.Pass)
        and s.lineno not in dead
    ]
    if not statements:
        return True
    if all(isinstance(s, ast.Raise) for s in statements):
        return True
    if _operations(method, dead) > 0:
        return False
    last = statements[-1]
    if isinstance(last, ast.Return) and last.value is not None:
        returned = last.value
        parameters = {argument.arg for argument in method.args.args}
        if isinstance(returned, ast.Name):
            return returned.id in parameters
        return _is_constant(returned) or isinstance(returned, (ast.ListComp, ast.List))
    return isinstance(last, (ast.Return, ast.Expr))


def _set_on_self(method: ast.AST) -> set[str]:
    return {
        node.attr
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and isinstance(node.ctx, ast.Store)
    }


def _reached_on_self(
    method: ast.AST, methods: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]
) -> set[str]:
    """Attributes that a method reads, itself or by the methods of the class that it uses."""
    read: set[str] = set()
    waiting = [method]
    while waiting:
        names = _read_on_self(waiting.pop()) - read
        read |= names
        waiting += [methods[name] for name in names if name in methods]
    return read


def _read_on_self(method: ast.AST) -> set[str]:
    return {
        node.attr
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and isinstance(node.ctx, ast.Load)
    }


def _built_in_init(init: ast.AST | None) -> set[str]:
    """Attributes that the constructor fills with an object it makes, such as a pipeline."""
    if init is None:
        return set()
    return {
        target.attr
        for node in ast.walk(init)
        if isinstance(node, ast.Assign)
        and not _is_constant(node.value)
        and not isinstance(node.value, ast.Name)
        for target in node.targets
        if isinstance(target, ast.Attribute)
    }
