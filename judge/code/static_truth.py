"""Conditions of Python code whose outcome can be told without running it."""

from __future__ import annotations

import ast
from collections.abc import Callable


def truth_of(test: ast.expr, flag: Callable[[str], bool | None]) -> bool | None:
    """True or False where the test can only be that; None where it depends.

    `flag` gives the truth of a name that is a constant, or None.
    """
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.Name(id=name):
            return flag(name)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = truth_of(operand, flag)
            return None if inner is None else not inner
        case ast.BoolOp(op=ast.And(), values=values):
            truths = [truth_of(each, flag) for each in values[:20]]
            return False if False in truths else True if all(truths) else None
        case ast.BoolOp(op=ast.Or(), values=values):
            truths = [truth_of(each, flag) for each in values[:20]]
            return True if True in truths else None if None in truths else False
        case ast.Compare(
            left=ast.Name(id="__name__"),
            ops=[ast.Eq()],
            comparators=[ast.Constant(value="main" | "__main" | "_main_")],
        ):
            return False  # a misspelt guard never holds
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _compared(left, op, right)
    return None


def _compared(left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool | None:
    if not (isinstance(left, ast.Constant) and isinstance(right, ast.Constant)):
        return None
    if isinstance(op, ast.Eq):
        return bool(left.value == right.value)
    if isinstance(op, ast.NotEq):
        return bool(left.value != right.value)
    if isinstance(left.value, int | float) and isinstance(right.value, int | float):
        if isinstance(op, ast.Gt):
            return left.value > right.value
        if isinstance(op, ast.Lt):
            return left.value < right.value
    return None


def is_main_guard(test: ast.expr) -> bool:
    """Whether a test is `__name__ == "__main__"`, either way round."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1):
        return False
    sides = (test.left, test.comparators[0])
    return (
        isinstance(test.ops[0], ast.Eq)
        and any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
        and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)
    )
