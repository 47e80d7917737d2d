"""Whether calls are among the allowed ones: BFCL's comparison of calls as syntax.

The rules of `eval_checker/ast_eval/ast_checker.py` of bfcl-eval, in its order, so that the first
fault found is the one that it names. Comparisons are Python's: `True` equals 1, and 5 equals 5.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.api_calling.bfcl import java, javascript
from benchmarks.api_calling.bfcl.categories import Category, Kind, Language
from benchmarks.api_calling.bfcl.replies import Calls, WrongReply, shown

_PYTHON_TYPES: dict[str, type] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "any": str,
}
_PYTHON_NESTED = ("array", "tuple")
# What comparing a value of one form with an answer of another may raise.
_UNFORESEEN = (
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
_IGNORED_IN_TEXTS = re.compile(r"[ ,./\-_*^]")

Document = Mapping[str, Any]
"""A function's document: name, and parameters with properties and required."""

Answer = Mapping[str, Mapping[str, Sequence[Any]]]
"""An allowed call: `{name: {parameter: [allowed values]}}`, `""` where it may be left out."""


class _Declared(NamedTuple):
    """The type a parameter is declared with."""

    written: str
    expected: type
    item: type | None
    """What the items of a nested value are declared with; None for other types."""


def check_calls(
    calls: Calls,
    documents: Sequence[Document],
    answers: Sequence[Answer],
    category: Category,
    *,
    underscore_names: bool = False,
) -> None:
    """Raises WrongReply unless the calls are the allowed ones.

    Args:
        calls: what the model gave, as `decode` reads it.
        documents: the functions that were on offer.
        answers: the allowed calls of the item.
        category: what kind of category the item is in; one with answers.
        underscore_names: compare dotted names with `_` for `.`, for models that cannot write dots.
    """
    if category.kind is Kind.PARALLEL:
        _check_parallel(calls, documents, answers, category.language, underscore_names)
        return
    prefix = f"{category.kind.value}_function_checker"
    if len(calls) != len(answers):
        raise WrongReply(
            f"{prefix}:wrong_count", f"{len(calls)} calls where {len(answers)} was to be made."
        )
    document = documents[0]
    if category.kind is Kind.MULTIPLE:
        document = _document_of(documents, answers[0])
    _check_call(calls[0], document, answers[0], category.language, underscore_names)


def _check_parallel(
    calls: Calls,
    documents: Sequence[Document],
    answers: Sequence[Answer],
    language: Language,
    underscore_names: bool,
) -> None:
    """Each answer in turn takes the first call that fits and is not taken."""
    prefix = "parallel_function_checker_no_order"
    if len(calls) != len(answers):
        raise WrongReply(
            f"{prefix}:wrong_count", f"{len(calls)} calls where {len(answers)} were to be made."
        )
    left = list(range(len(calls)))
    for answer in answers:
        document = _document_of(documents, answer)
        faults: list[str] = []
        for index in left:
            try:
                _check_call(calls[index], document, answer, language, underscore_names)
            except WrongReply as wrong:
                faults.append(f"call {index + 1}: {wrong.message}")
            else:
                left.remove(index)
                break
        else:
            name = next(iter(answer))
            raise WrongReply(
                f"{prefix}:cannot_find_match",
                f"No call is the one to {shown(name)} that is asked for; {' '.join(faults)}",
            )


def _document_of(documents: Sequence[Document], answer: Answer) -> Document:
    name = next(iter(answer))
    for document in documents:
        if document["name"] == name:
            return document
    raise WrongReply(
        "simple_function_checker:unclear", f"The data have no document of {shown(name)}."
    )


def _check_call(
    call: Mapping[str, Any],
    document: Document,
    answer: Answer,
    language: Language,
    underscore_names: bool,
) -> None:
    prefix = "simple_function_checker"
    allowed = next(iter(answer.values()))
    name = document["name"]
    if underscore_names:
        name = name.replace(".", "_")
    if name not in call:
        called = ", ".join(shown(each) for each in call)
        raise WrongReply(f"{prefix}:wrong_func_name", f"{called} is called, not {shown(name)}.")
    given = call[name]
    properties = document["parameters"]["properties"]
    for parameter in document["parameters"].get("required", ()):
        if parameter not in given:
            raise WrongReply(f"{prefix}:missing_required", f"{shown(parameter)} is not given.")
    for parameter, value in given.items():
        if parameter not in properties or parameter not in allowed:
            raise WrongReply(
                f"{prefix}:unexpected_param", f"{shown(parameter)} is no parameter of this call."
            )
        try:
            _check_argument(parameter, value, properties[parameter], allowed[parameter], language)
        except _UNFORESEEN as error:
            # The original stops here for good; see the package's docstring.
            raise WrongReply(
                f"{prefix}:unclear",
                f"{shown(parameter)} cannot be compared: {shown(value)} against {shown(allowed)}.",
            ) from error
    for parameter, values in allowed.items():
        if parameter not in given and "" not in values:
            raise WrongReply(f"{prefix}:missing_optional", f"{shown(parameter)} is not given.")


def _check_argument(
    parameter: str, value: Any, details: Mapping[str, Any], answers: Sequence[Any], lang: Language
) -> None:
    written = details["type"]
    if lang is Language.PYTHON:
        nests = written in _PYTHON_NESTED
        item = _PYTHON_TYPES[details["items"]["type"]] if nests else None
        declared = _Declared(written, _PYTHON_TYPES[written], item)
    else:
        module = java if lang is Language.JAVA else javascript
        declared = _Declared(written, module.TYPES[written], None)
        if not isinstance(value, str):
            raise WrongReply(
                f"type_error:{'java' if lang is Language.JAVA else 'js'}",
                f"{shown(parameter)} must be a text in {lang.value}: {shown(value)}.",
            )
        if written in module.NESTED:
            item_type = details["items"]["type"]
            declared = declared._replace(item=module.TYPES[item_type])
            value = module.value_of(value, written, item_type)
        else:
            value = module.value_of(value, written)
    if written == "tuple" and type(value) is tuple:
        value = list(value)
    if lang is Language.PYTHON and written == "float" and type(value) is int:
        value = float(value)
    if _is_of_another_type(parameter, value, declared, answers):
        _check_equal(parameter, value, answers)
    elif declared.expected is dict:
        _check_dict(value, answers)
    elif declared.expected is list and declared.item is dict:
        _check_dicts(value, answers)
    elif declared.expected is str:
        _check_text(parameter, value, answers)
    elif declared.expected is list:
        _check_list(parameter, value, answers)
    else:
        _check_equal(parameter, value, answers)


def _is_of_another_type(
    parameter: str, value: Any, declared: _Declared, answers: Sequence[Any]
) -> bool:
    """Whether the value counts as a variable: the answers are of another type than declared.

    WrongReply where the value has neither the declared type nor that of the answers.
    """
    of_answers = _type_of(answers)
    differs = of_answers is not None and of_answers is not declared.expected
    fits = type(value) is declared.expected
    if fits and (declared.item is None or _items_fit(value, declared.item, answers)):
        return differs
    if type(value) is of_answers:
        if not fits:
            return True
        raise WrongReply(
            "type_error:nested",
            f"{shown(parameter)} is a {declared.written} of other items: {shown(value)}.",
        )
    raise WrongReply(
        "type_error:simple",
        f"{shown(parameter)} is a {declared.written}, and {shown(value)} is none.",
    )


def _items_fit(values: Sequence[Any], declared: type, answers: Sequence[Any]) -> bool:
    """Whether all items have the declared type or that of some answer's items."""
    return any(
        not isinstance(answer, list)
        or all(type(value) in (declared, _type_of(answer)) for value in values)
        for answer in answers
    )


def _type_of(answers: Sequence[Any]) -> type | None:
    """The type of the first answer that is not `""`, which says that a value may be left out."""
    return next((type(answer) for answer in answers if answer != ""), None)


def _normalised(value: Any) -> Any:
    """A text without the marks that the comparison passes over; other values as they are."""
    if type(value) is not str:
        return value
    return _IGNORED_IN_TEXTS.sub("", value).lower().replace("'", '"')


def _check_equal(parameter: str, value: Any, answers: Sequence[Any]) -> None:
    if value not in answers:
        raise _wrong_value("others", parameter, value, answers)


def _check_text(parameter: str, value: str, answers: Sequence[Any]) -> None:
    if _normalised(value) not in [_normalised(each) for each in answers if type(each) is str]:
        raise _wrong_value("string", parameter, value, answers)


def _check_list(parameter: str, value: Sequence[Any], answers: Sequence[Any]) -> None:
    allowed = [[_normalised(item) for item in answer] for answer in answers]
    if [_normalised(item) for item in value] not in allowed:
        raise _wrong_value("list/tuple", parameter, value, answers)


def _check_dict(value: Mapping[Any, Any], answers: Sequence[Any]) -> None:
    """Raises what was wrong with the last of the answers unless one fits."""
    wrong = WrongReply("dict_checker:unclear", "No object is allowed here.")
    for answer in answers:
        if answer == "":
            continue
        found = _fault_of_dict(value, answer)
        if found is None:
            return
        wrong = found
    raise wrong


def _fault_of_dict(value: Mapping[Any, Any], answer: Mapping[str, Any]) -> WrongReply | None:
    fault = None
    for key, item in value.items():
        if key not in answer:
            fault = WrongReply("value_error:dict_key", f"The key {shown(key)} is not expected.")
            break
        if _normalised(item) not in [_normalised(each) for each in answer[key]]:
            fault = _wrong_value("dict_value", key, item, answer[key])
            break
    # What is missing is named last, and so it is what the original reports.
    for key, allowed in answer.items():
        if key not in value and "" not in allowed:
            return WrongReply("value_error:dict_key", f"The key {shown(key)} is missing.")
    return fault


def _check_dicts(value: Sequence[Any], answers: Sequence[Any]) -> None:
    """Raises what was wrong with the last of the answers unless one fits, item by item."""
    wrong = WrongReply("list_dict_checker:unclear", "No list of objects is allowed here.")
    for answer in answers:
        if len(value) != len(answer):
            wrong = WrongReply(
                "value_error:list_dict_count",
                f"{len(value)} objects where {len(answer)} are asked for.",
            )
            continue
        try:
            for item, allowed in zip(value, answer, strict=True):
                _check_dict(item, [allowed])
        except WrongReply as found:
            wrong = found
        else:
            return
    raise wrong


def _wrong_value(kind: str, parameter: str, value: Any, answers: Sequence[Any]) -> WrongReply:
    return WrongReply(
        f"value_error:{kind}",
        f"{shown(parameter)} is {shown(value)}; allowed: {shown(answers)}.",
    )
