"""Names and attributes that Python code uses and that nothing defines: it fails when it runs."""

from __future__ import annotations

import ast
import builtins
import copy
import symtable

# Given by the notebook shell, or bound by a framework before the code runs.
_GIVEN = frozenset(dir(builtins)) | frozenset(
    "__file__ __name__ __doc__ __path__ __spec__ __package__ display get_ipython In Out exit quit "
    "reveal_type WindowsError unicode".split()
)
# What torch and keras modules bring along, so that a class need not set it.
_INHERITED = frozenset(
    "training device dtype log logger hparams trainer current_epoch global_step name weights "
    "trainable_variables trainable_weights variables layers optimizer built inputs outputs "
    "optimizers history".split()
)
_MODULES = frozenset({"Module", "Model", "Layer", "LightningModule", "object", "Sequential"})
_MAIN = ("forward", "call", "fit", "predict", "transform", "training_step", "step", "act")


def undefined_names(tree: ast.Module, dead: frozenset[int]) -> dict[str, str]:
    """By qualified name of the scope ("" for the module's level), a name that is nowhere bound.

    Code on dead lines binds nothing and uses nothing. {} where a star import could bind anything.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return {}
        if _called_name(node) in ("globals", "exec", "eval", "vars"):
            return {}
    source = ast.unparse(_without_dead(tree, dead)) if dead else ast.unparse(tree)
    try:
        table = symtable.symtable(source, "module", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return {}
    known = {symbol.get_name() for symbol in table.get_symbols() if _is_bound(symbol)}
    for inner in _all_tables(table):
        known |= {s.get_name() for s in inner.get_symbols() if s.is_declared_global()}
    found: dict[str, str] = {}
    pending: list[tuple[str, symtable.SymbolTable]] = [("", table)]
    while pending:
        qualified, scope = pending.pop()
        for symbol in scope.get_symbols():
            name = symbol.get_name()
            is_open = symbol.is_global() if scope is not table else not _is_bound(symbol)
            if symbol.is_referenced() and is_open and name not in known and name not in _GIVEN:
                found.setdefault(qualified, name)
        for child in scope.get_children():
            is_plain = child.get_name() in ("lambda", "listcomp", "genexpr", "setcomp", "dictcomp")
            below = qualified if is_plain else f"{qualified}.{child.get_name()}".lstrip(".")
            pending.append((below, child))
    return found


def _called_name(node: ast.AST) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _is_bound(symbol: symtable.Symbol) -> bool:
    return (
        symbol.is_assigned()
        or symbol.is_imported()
        or symbol.is_parameter()
        or (symbol.is_namespace())
    )


def _all_tables(table: symtable.SymbolTable) -> list[symtable.SymbolTable]:
    found = [table]
    for child in table.get_children():
        found += _all_tables(child)
    return found


class _Pruner(ast.NodeTransformer):
    def __init__(self, dead: frozenset[int]) -> None:
        self.dead = dead

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                kept = [s for s in block if getattr(s, "lineno", 0) not in self.dead]
                if name == "body" and not kept and block and isinstance(block[0], ast.stmt):
                    kept = [ast.copy_location(ast.Pass(), block[0])]
                setattr(node, name, kept)
        return super().generic_visit(node)


def _without_dead(tree: ast.Module, dead: frozenset[int]) -> ast.Module:
    pruned = _Pruner(dead).visit(copy.deepcopy(tree))
    assert isinstance(pruned, ast.Module)
    return pruned


def unset_attribute(node: ast.ClassDef, dead: frozenset[int]) -> str:
    """An attribute that a class' main method reads and that nothing of the class sets, or "".

    Only for classes whose bases are known to bring no attributes of such a name.
    """
    for base in node.bases:
        name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
        if name not in _MODULES:
            return ""
    if node.decorator_list or node.keywords:
        return ""
    made: set[str] = set()
    for inner in ast.walk(node):
        if getattr(inner, "lineno", 0) in dead:
            continue
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
            made.add(inner.attr)
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            if inner.func.attr in ("register_buffer", "register_parameter", "add_module"):
                made |= {str(a.value) for a in inner.args[:1] if isinstance(a, ast.Constant)}
            elif inner.func.attr in ("update", "__setattr__"):
                return ""
        elif _called_name(inner) == "setattr":
            return ""
    for statement in node.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            made.add(statement.name)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            made |= {target.id for target in targets if isinstance(target, ast.Name)}
    is_module = bool(node.bases)
    for method in node.body:
        if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if method.name not in _MAIN:
            continue
        receiver = method.args.args[0].arg if method.args.args else ""
        for inner in ast.walk(method):
            used = inner.func if isinstance(inner, ast.Call) and is_module else inner
            if (
                isinstance(used, ast.Attribute)
                and isinstance(used.ctx, ast.Load)
                and isinstance(used.value, ast.Name)
                and used.value.id == receiver
                and used.attr not in made
                and used.attr not in _INHERITED
                and not (is_module and _is_of_module(used.attr))
                and not used.attr.startswith("__")
            ):
                return f"{node.name}.{method.name} uses {receiver}.{used.attr}, which nothing sets"
    return ""


def _is_of_module(name: str) -> bool:
    return name in (
        "train eval parameters named_parameters state_dict load_state_dict to cuda cpu half float "
        "double apply modules children buffers zero_grad register_buffer requires_grad_ forward "
        "add_weight add_loss build compile fit predict evaluate summary call get_weights "
        "set_weights save load_weights save_weights manual_backward optimizers log_dict".split()
    )
