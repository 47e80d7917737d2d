"""Defaults of command line arguments, as argparse and click are told them."""

from __future__ import annotations

from judge.code.python_source import FunctionSource
from judge.code.values import UNKNOWN, Arguments, CommandLine, Literal, Text


def note_argument(parser: CommandLine, method: str | int, arguments: Arguments) -> None:
    """Keeps the default of an argparse argument."""
    if method == "set_defaults":
        parser.defaults.update(arguments.keywords)
    if method != "add_argument":
        return
    action = arguments.keywords.get("action")
    default = arguments.keywords.get("default")
    if default is None and isinstance(action, Text):
        default = {"store_true": Literal(False), "store_false": Literal(True)}.get(action.text)
    name = _option_name(arguments)
    if name:
        parser.defaults[name] = UNKNOWN if default is None else default


def take_option(function: FunctionSource, arguments: Arguments) -> None:
    """Keeps the default of a click option as that of the parameter it fills."""
    default = arguments.keywords.get("default")
    name = _option_name(arguments)
    if default is not None and name in function.parameters:
        function.defaults[name] = default


def _option_name(arguments: Arguments) -> str:
    given = arguments.keywords.get("dest")
    if isinstance(given, Text):
        return given.text
    flags = [each.text for each in arguments.positional if isinstance(each, Text)]
    long = [flag for flag in flags if flag.startswith("--")]
    named = [flag for flag in flags if not flag.startswith("-")]
    chosen = (named or long or flags or [""])[0]
    return chosen.split("/", 1)[0].lstrip("-").replace("-", "_")
