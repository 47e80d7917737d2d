"""How models are asked for calls: schemas, the prompt, and dialogues with their true history."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.api_calling.api_bank import Turn, turns_of
from benchmarks.api_calling.bfcl.categories import CATEGORIES, Language
from benchmarks.api_calling.bfcl.dataset import Item, read_category
from benchmarks.api_calling.dialogues import read_dialogue_set
from benchmarks.api_calling.prompting import bfcl_prompt, without_thoughts
from benchmarks.api_calling.prompting_dialogues import (
    CALL_IS_DUE,
    REPLY_IS_DUE,
    Dialogues,
    Step,
    histories_of,
)
from benchmarks.api_calling.schemas import shown_document, tool_schema
from tests.runners.api_calling.small_sets import GREET, HYPOT, JAVA, write_dialogues


def parameter(declared: Any, language: Language = Language.PYTHON, **more: Any) -> dict[str, Any]:
    """The schema of one parameter that is declared so."""
    details = {"type": declared, "description": "It.", **more}
    document = {"name": "f", "parameters": {"type": "dict", "properties": {"p": details}}}
    schema = tool_schema(document, language, underscore_names=False)
    found: dict[str, Any] = schema.parameters["properties"]["p"]
    return found


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("dict", "object"),
        ("float", "number"),
        ("tuple", "array"),
        ("any", "string"),
        ("integer", "integer"),
        ("boolean", "boolean"),
        ("array", "array"),
        ("long", "integer"),
        ("HashMap", "object"),
        ("Bigint", "integer"),
        ("something new", "string"),
        (["string", "null"], "string"),
    ],
)
def test_declared_types_become_those_of_json_schema(declared: Any, expected: str) -> None:
    assert parameter(declared)["type"] == expected


def test_types_are_turned_at_every_depth() -> None:
    found = parameter(
        "array",
        items={"type": "dict", "properties": {"a": {"type": "tuple", "items": {"type": "float"}}}},
    )
    inner = found["items"]["properties"]["a"]
    assert (found["items"]["type"], inner["type"], inner["items"]["type"]) == (
        "object",
        "array",
        "number",
    )


def test_a_float_says_that_it_is_one_and_an_array_always_says_something_of_its_items() -> None:
    assert parameter("float")["format"] == "float"
    assert "float" in parameter("float")["description"]
    assert parameter("array")["items"] == {}


@pytest.mark.parametrize("language", [Language.JAVA, Language.JAVASCRIPT])
def test_arguments_of_other_languages_are_asked_for_as_texts_that_spell_them(
    language: Language,
) -> None:
    list_type = "ArrayList" if language is Language.JAVA else "array"
    found = parameter(list_type, language, items={"type": "String"})
    assert found["type"] == "string"
    assert "items" not in found
    assert f"{list_type}, spelled in a text" in found["description"]
    assert "items are of type String" in found["description"]
    assert parameter("boolean", language)["type"] == "string"


def test_dots_of_a_name_become_underscores_only_where_asked() -> None:
    names = [tool_schema(HYPOT, Language.PYTHON, underscore_names=u).name for u in (True, False)]
    assert names == ["math_hypot", "math.hypot"]


def test_the_documents_themselves_stay_as_they_are() -> None:
    for language in Language:
        for document in (HYPOT, GREET, JAVA):
            before = copy.deepcopy(document)
            tool_schema(document, language, underscore_names=True)
            shown_document(document, language)
            assert document == before


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_DETAILS = st.dictionaries(
    st.sampled_from(["type", "items", "properties", "required", "description", "optional"]), _JSON
)


@given(st.dictionaries(st.text(max_size=3), _DETAILS, max_size=3), st.sampled_from(list(Language)))
def test_any_document_becomes_a_tool_that_can_be_sent(
    properties: dict[str, Any], language: Language
) -> None:
    document = {"name": "f", "parameters": {"properties": properties}}
    tool = tool_schema(document, language, underscore_names=True)
    assert json.loads(json.dumps(tool.parameters))["type"] == "object"
    assert set(tool.parameters["properties"]) == set(properties)


def test_every_released_document_becomes_a_valid_schema_under_an_allowed_name() -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("BFCL's released files are needed; set JUDGE_TEST_DATA")
    found = 0
    for category in CATEGORIES.values():
        if not (Path(data) / "bfcl" / category.file_name).is_file():
            continue
        for item in read_category(Path(data) / "bfcl", category):
            prompt = bfcl_prompt(item, category.language, "tools", underscore_names=True)
            names = [tool.name for tool in prompt.tools]
            assert len(set(names)) == len(names)
            for tool in prompt.tools:
                assert len(tool.name) <= 64
                assert tool.name.replace("_", "").replace("-", "").isalnum()
                jsonschema.Draft202012Validator.check_schema(dict(tool.parameters))
                found += 1
    assert found > 2000


def item_of(*messages: dict[str, str], functions: tuple[dict[str, Any], ...] = (HYPOT,)) -> Item:
    return Item("simple_python_0", messages, functions)


USER = {"role": "user", "content": "Over 3 and 4?"}


def test_the_prompt_documents_the_functions_and_shows_the_form_of_calls() -> None:
    prompt = bfcl_prompt(item_of(USER), Language.PYTHON, "prompt", underscore_names=False)
    system, user = prompt.messages
    assert (system.role, user.role, user.text) == ("system", "user", "Over 3 and 4?")
    assert "[function_1(parameter_1=value_1" in system.text
    # Documents as they are released, types in BFCL's words, dots kept.
    assert '"math.hypot"' in system.text
    assert '"type": "float"' in system.text
    assert prompt.tools == ()


def test_an_items_own_system_message_goes_on_from_the_prompt() -> None:
    item = item_of({"role": "system", "content": "Be brief."}, USER)
    prompt = bfcl_prompt(item, Language.PYTHON, "prompt", underscore_names=False)
    assert [said.role for said in prompt.messages] == ["system", "user"]
    assert prompt.messages[0].text.endswith("Be brief.")


def test_with_tools_only_the_items_own_messages_are_said() -> None:
    prompt = bfcl_prompt(item_of(USER), Language.PYTHON, "tools", underscore_names=True)
    assert [said.text for said in prompt.messages] == ["Over 3 and 4?"]
    assert [tool.name for tool in prompt.tools] == ["math_hypot"]


def test_an_item_without_functions_offers_none() -> None:
    item = item_of(USER, functions=())
    assert bfcl_prompt(item, Language.PYTHON, "tools", underscore_names=True).tools == ()
    said = bfcl_prompt(item, Language.PYTHON, "prompt", underscore_names=True).messages[0].text
    assert said.endswith("[]")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("[f()]", "[f()]"),
        ("<think>[g()]</think>\n\n[f()]", "[f()]"),
        ("still thinking", "still thinking"),
        ("a</think>b</think>c", "c"),
        ("", ""),
    ],
)
def test_thoughts_before_an_answer_are_passed_over(said: str, left: str) -> None:
    assert without_thoughts(said) == left


@pytest.fixture
def told(tmp_path: Path) -> tuple[Dialogues, dict[tuple[str, int], Turn]]:
    data = write_dialogues(tmp_path / "data")
    read = read_dialogue_set(data)
    turns = {(turn.dialogue, turn.number): turn for turn in turns_of(read)}
    return histories_of(read), turns


Told = tuple[Dialogues, dict[tuple[str, int], Turn]]


def test_a_turn_is_asked_after_what_truly_came_before_and_nothing_later(told: Told) -> None:
    dialogues, turns = told
    steps = dialogues.as_text(turns["level-1/alarm", 3])
    assert steps[1:] == (
        Step("user", "Wake me at two."),
        Step("assistant", "What is your password?"),
        Step("user", f"It is x.\n{CALL_IS_DUE}"),
    )
    assert "14:00" not in steps[0].text
    after = dialogues.as_text(turns["level-1/alarm", 4])
    assert after[-2:] == (
        Step("assistant", "[AddAlarm(token='x', time='14:00')]"),
        Step("user", f"(The API gave: success)\n{REPLY_IS_DUE}"),
    )


def test_with_tools_calls_of_the_past_are_tool_calls_with_their_results(told: Told) -> None:
    dialogues, turns = told
    steps = dialogues.as_tool_calls(turns["level-1/alarm", 4])
    assert steps[-3:] == (
        Step("assistant", call=("AddAlarm", {"token": "x", "time": "14:00"})),
        Step("tool", "success"),
        Step("user", REPLY_IS_DUE),
    )


def test_an_api_that_must_be_searched_is_on_offer_once_it_was_found(told: Told) -> None:
    dialogues, turns = told

    def offered(line: int) -> list[str]:
        return [api.name for api in dialogues.on_offer(turns["level-2/search", line])]

    assert offered(1) == ["ToolSearcher"]
    assert offered(2) == offered(3) == ["PlayMusic", "ToolSearcher"]


def test_what_a_search_told_of_an_api_documents_it(told: Told) -> None:
    dialogues, _ = told
    assert dialogues.apis["PlayMusic"].description == "Plays music of a kind."
    details = dialogues.apis["PlayMusic"].parameters["properties"]["kind"]
    assert details == {"type": "string", "description": "Such as rock."}
    # Nothing was found of this one: its name, and what it is called with.
    assert dialogues.apis["AddAlarm"].description == "Add alarm."
    assert dialogues.apis["AddAlarm"].parameters["required"] == ["token", "time"]


def test_in_the_released_dialogues_every_call_can_be_made_and_sides_take_turns() -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("API-Bank's released dialogues are needed; set JUDGE_TEST_DATA")
    read = read_dialogue_set(Path(data) / "api_bank")
    turns, dialogues = turns_of(read), histories_of(read)
    assert len(turns) > 800
    for turn in turns:
        if turn.call is not None:
            api = next(a for a in dialogues.on_offer(turn) if a.name == turn.call.name)
            assert set(turn.call.arguments) <= set(api.parameters["properties"])
        roles = [step.role for step in dialogues.as_text(turn)]
        assert roles[0] == "system"
        assert roles[1::2] == ["user"] * len(roles[1::2])
        assert roles[2::2] == ["assistant"] * len(roles[2::2])
