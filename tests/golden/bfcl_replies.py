"""Replies to BFCL's items, right ones and mutated ones, made from the allowed answers by a seed.

Used by the script that asks bfcl-eval for its verdicts, and by the tests that compare with them.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Calls = list[tuple[str, dict[str, Any]]]
Mutation = Callable[[random.Random, Calls], Calls]

LANGUAGES = {"simple_java": "java", "simple_javascript": "javascript"}


def replies(
    category: str, items: list[dict[str, Any]], answers: list[Any], seed: int = 0
) -> Iterator[dict[str, Any]]:
    """`{category, id, result}` for each item and each way to reply, the right ones first."""
    for item, answer in zip(items, answers, strict=True):
        rng = random.Random(f"{seed}/{item['id']}")
        for result in _results(rng, item, answer, LANGUAGES.get(category, "python")):
            yield {"category": category, "id": item["id"], "result": result}


def _results(rng: random.Random, item: dict[str, Any], answer: Any, language: str) -> list[Any]:
    if answer is None:
        return _replies_without_answer(rng, item)
    calls: Calls = [
        (name, _chosen(rng, allowed)) for each in answer for name, allowed in each.items()
    ]
    chosen: list[Calls] = [calls, _without_optional(rng, answer)]
    chosen += [mutate(rng, copy.deepcopy(calls)) for mutate in rng.sample(_MUTATIONS, 5)]
    results: list[Any] = []
    for each in chosen:
        results.append(_native(each, language))
        results.append(_spelled(each, language))
    right = _spelled(calls, language)
    results += [wrap(right) for wrap in rng.sample(_WRAPPERS, 3)]
    return results


def _chosen(rng: random.Random, allowed: dict[str, list[Any]]) -> dict[str, Any]:
    given = {}
    for name, values in allowed.items():
        values_given = [value for value in values if value != ""]
        if values_given:
            given[name] = _plain(rng, rng.choice(values_given))
    return given


def _plain(rng: random.Random, value: Any) -> Any:
    """An allowed value; an object's allowed values are lists to choose from."""
    if isinstance(value, dict):
        return {
            key: rng.choice(values) if isinstance(values, list) and values else values
            for key, values in value.items()
        }
    if isinstance(value, list):
        return [_plain(rng, item) if isinstance(item, dict) else item for item in value]
    return value


def _without_optional(rng: random.Random, answer: Any) -> Calls:
    return [
        (name, _chosen(rng, {key: values for key, values in allowed.items() if "" not in values}))
        for each in answer
        for name, allowed in each.items()
    ]


def _replies_without_answer(rng: random.Random, item: dict[str, Any]) -> list[Any]:
    # Some items offer no function at all.
    name = item["function"][0]["name"] if item["function"] else "anything"
    texts = [
        "I cannot help with that.",
        "",
        "[]",
        "[{}]",
        f"{name}()",
        f"[{name}(a=1)]",
        f"```{name}(x='y')```",
        f"```python\n{name}(x='y')\n```",
        f"{name}",
        "a, b",
        "None of these functions fits (sorry).",
    ]
    return [*rng.sample(texts, 5), [], [{name: "{}"}], [{name: "no"}], [{name: "[1]"}]]


def _native(calls: Calls, language: str) -> list[dict[str, str]]:
    if language != "python":
        calls = [(n, {k: _literal(v, language) for k, v in given.items()}) for n, given in calls]
    return [{name: json.dumps(given)} for name, given in calls]


def _spelled(calls: Calls, language: str) -> str:
    spelled = [
        f"{name}({', '.join(f'{k}={_literal(v, language)}' for k, v in given.items())})"
        for name, given in calls
    ]
    return f"[{', '.join(spelled)}]"


def _literal(value: Any, language: str) -> str:
    if language == "python":
        return repr(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        items = ", ".join(_literal(item, language) for item in value)
        if language == "javascript":
            return f"[{items}]"
        kind = "String" if value and isinstance(value[0], str) else "int"
        return f"new {kind}[]{{{items}}}"
    if isinstance(value, dict):
        if language == "javascript":
            pairs = ", ".join(f"{key}: {_literal(item, language)}" for key, item in value.items())
            return f"{{{pairs}}}"
        puts = " ".join(f'put("{k}", {_literal(v, language)});' for k, v in value.items())
        return f"new HashMap<String, Object>() {{{{ {puts} }}}}"
    return str(value)


def _on_value(change: Callable[[random.Random, Any], Any]) -> Mutation:
    """A mutation of one argument of one call; the calls as they are where there is none."""

    def mutate(rng: random.Random, calls: Calls) -> Calls:
        places = [(index, key) for index, (_, given) in enumerate(calls) for key in given]
        if places:
            index, key = rng.choice(places)
            calls[index][1][key] = change(rng, calls[index][1][key])
        return calls

    return mutate


def _other_type(rng: random.Random, value: Any) -> Any:
    if isinstance(value, bool):
        return rng.choice([int(value), str(value)])
    if isinstance(value, int):
        return rng.choice([float(value), str(value), [value]])
    if isinstance(value, float):
        return rng.choice([int(value), str(value)])
    if isinstance(value, list):
        return rng.choice([tuple(value), json.dumps(value, default=str), value[:1]])
    return rng.choice([[value], 1, True, None])


def _other_value(rng: random.Random, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + rng.choice([1, -1, 0.5])
    if isinstance(value, list):
        return rng.choice([[], value[::-1], [*value, *value[:1]], ["x"], [1.5]])
    if isinstance(value, dict):
        return rng.choice([{}, {**value, "unasked": 1}, dict(list(value.items())[1:])])
    return f"{value} indeed"


def _other_spelling(rng: random.Random, value: Any) -> Any:
    if isinstance(value, str):
        spellings = [value.upper(), value.replace(" ", ""), f"{value}.", f" {value}", f"{value}!"]
        return rng.choice([*spellings, value.replace(" ", "_"), value.replace("'", '"')])
    if isinstance(value, list):
        return [_other_spelling(rng, item) for item in value]
    if isinstance(value, dict):
        return {key: _other_spelling(rng, item) for key, item in value.items()}
    return value


def _other_item(rng: random.Random, value: Any) -> Any:
    if isinstance(value, list) and value:
        at = rng.randrange(len(value))
        return [*value[:at], _other_type(rng, value[at]), *value[at + 1 :]]
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        return {**value, key: rng.choice([_other_type, _other_value])(rng, value[key])}
    return _other_type(rng, value)


def _drop(rng: random.Random, calls: Calls) -> Calls:
    index = rng.randrange(len(calls))
    given = calls[index][1]
    if given:
        del given[rng.choice(list(given))]
    return calls


def _add(rng: random.Random, calls: Calls) -> Calls:
    calls[rng.randrange(len(calls))][1]["unasked"] = rng.choice([1, "x", None])
    return calls


def _renamed(rng: random.Random, calls: Calls) -> Calls:
    index = rng.randrange(len(calls))
    name, given = calls[index]
    other = rng.choice([name.replace(".", "_"), name.upper(), f"{name}2", name.split(".")[-1]])
    calls[index] = (other, given)
    return calls


def _shuffled(rng: random.Random, calls: Calls) -> Calls:
    rng.shuffle(calls)
    return calls


def _one_less(rng: random.Random, calls: Calls) -> Calls:
    del calls[rng.randrange(len(calls))]
    return calls


def _one_more(rng: random.Random, calls: Calls) -> Calls:
    return [*calls, rng.choice(calls)]


_MUTATIONS: list[Mutation] = [
    _on_value(_other_type),
    _on_value(_other_value),
    _on_value(_other_spelling),
    _on_value(_other_item),
    _drop,
    _add,
    _renamed,
    _shuffled,
    _one_less,
    _one_more,
]
_WRAPPERS: list[Callable[[str], str]] = [
    lambda text: f"```\n{text}\n```",
    lambda text: f"```python\n{text}\n```",
    lambda text: f"  '{text}'  ",
    lambda text: text[1:-1],
    lambda text: text[:-2],
    lambda text: text.replace("=", "", 1),
    lambda text: f"Here you are: {text}",
    lambda text: text.replace("(", "(0, ", 1),
    lambda text: text.replace("=", "=0+", 1),
    lambda text: text.replace("=", "=-", 1),
    lambda text: text.replace("=", "=Value(", 1).replace(")", "))", 1),
    lambda text: text.replace("=", "=x.y[", 1),
    lambda text: text.replace(")", ", é=1)", 1),
    lambda text: text.replace("]", "").replace("[", ""),
]
