"""Calls spelled in Python's syntax, read from their syntax tree; nothing of them is evaluated.

What each form of an argument means is the original's (`model_handler/utils.py` of bfcl-eval), which
evaluates arithmetic where this works it out of constants.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable
from typing import Any

from benchmarks.api_calling.bfcl.replies import UNREADABLE, Calls, WrongReply, shown

MAX_CHARACTERS = 200_000
_MAX_BITS = 4096
_MAX_LENGTH = 100_000

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}


class _Unreadable(Exception):
    """A form that no argument of a call has."""


def read_calls(text: str) -> Calls:
    """The calls in `[name(parameter=value, …), …]`.

    >>> read_calls("[math.hypot(x=4, y=2 + 3)]")
    [{'math.hypot': {'x': 4, 'y': 5}}]

    Raises:
        WrongReply: it is no such list, or holds an argument of a form that cannot be read.
    """
    cleaned = text.strip().strip("'")
    if len(cleaned) > MAX_CHARACTERS:
        raise WrongReply(UNREADABLE, f"The reply has {len(cleaned)} characters.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            body = ast.parse(cleaned, mode="eval").body
        if isinstance(body, ast.Call):
            return [_call(body)]
        if not isinstance(body, (ast.List, ast.Tuple, ast.Set)):
            raise _Unreadable("no list of calls")
        return [_call(element) for element in body.elts]
    except (_Unreadable, SyntaxError, ValueError, TypeError, ArithmeticError) as error:
        raise WrongReply(UNREADABLE, f"{shown(text)} cannot be read as calls: {error}.") from error
    except (RecursionError, MemoryError) as error:
        raise WrongReply(UNREADABLE, "The reply is nested too deeply to be read.") from error


def _call(node: ast.expr) -> dict[str, Any]:
    if not isinstance(node, ast.Call):
        raise _Unreadable(f"{type(node).__name__} where a call was expected")
    names: list[str] = []
    function = node.func
    while isinstance(function, ast.Attribute):
        names.append(function.attr)
        function = function.value
    if isinstance(function, ast.Name):
        names.append(function.id)
    arguments: dict[Any, Any] = {word.arg: _value(word.value) for word in node.keywords}
    return {".".join(reversed(names)): arguments}


def _value(node: ast.expr | None) -> Any:
    match node:
        case ast.Constant(value=value):
            return "..." if value is Ellipsis else value
        case ast.UnaryOp(operand=ast.Constant(value=value)):
            return -value  # type: ignore[operator]  # whatever the operator: the original's rule
        case ast.List(elts=elements):
            return [_value(element) for element in elements]
        case ast.Tuple(elts=elements):
            return tuple(_value(element) for element in elements)
        case ast.Dict(keys=keys, values=values):
            return {_value(k): _value(v) for k, v in zip(keys, values, strict=True)}
        case ast.BinOp():
            return _constant(node)
        case ast.Name(id=name):
            return name
        case ast.Call(keywords=[]):
            return ast.unparse(node)
        case ast.Call():
            return _call(node)
        case ast.Subscript(value=value, slice=index):
            return f"{ast.unparse(value)}[{ast.unparse(index)}]"
    raise _Unreadable(f"{type(node).__name__} is no argument")


def _constant(node: ast.expr) -> Any:
    """What an expression of constants comes to, within bounds."""
    match node:
        case ast.Constant(value=int() | float() | complex() | str() as value):
            return value
        case ast.List(elts=elements):
            return [_constant(element) for element in elements]
        case ast.Tuple(elts=elements):
            return tuple(_constant(element) for element in elements)
        case ast.UnaryOp(op=unary, operand=operand):
            return _UNARY[type(unary)](_constant(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            first, second = _constant(left), _constant(right)
            _refuse_what_grows(op, first, second)
            return _OPERATORS[type(op)](first, second)
    raise _Unreadable(f"{ast.unparse(node)[:80]} is no arithmetic of constants")


def _refuse_what_grows(op: ast.operator, first: Any, second: Any) -> None:
    """A short text can ask for a number or a string that fills the memory."""
    if isinstance(op, ast.Mod) and isinstance(first, str):
        raise _Unreadable("texts are not formatted here")
    if isinstance(op, (ast.Pow, ast.LShift)):
        bits = first.bit_length() if isinstance(first, int) else 1
        exponent = abs(second) if isinstance(second, int) else 1
        size = bits * exponent if isinstance(op, ast.Pow) else bits + exponent
        if size > _MAX_BITS and isinstance(first, int):
            raise _Unreadable("the number is too large")
    if isinstance(op, ast.Mult):
        for many, times in ((first, second), (second, first)):
            is_long = isinstance(many, (str, list, tuple)) and isinstance(times, int)
            if is_long and len(many) * times > _MAX_LENGTH:
                raise _Unreadable("the value is too long")
    if isinstance(first, int) and first.bit_length() > _MAX_BITS:
        raise _Unreadable("the number is too large")
