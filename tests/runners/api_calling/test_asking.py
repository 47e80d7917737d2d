"""Runs that ask a scripted endpoint: right, wrong and broken replies, failures, and resuming."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.api_calling.api_bank import score_predictions, turns_of
from benchmarks.api_calling.bfcl.categories import CATEGORIES
from benchmarks.api_calling.bfcl.dataset import Item
from benchmarks.api_calling.bfcl.scoring import score_folder, score_reply
from benchmarks.api_calling.dialogues import read_dialogue_set
from results.errors import InputError
from results.records import Metric, RunStatus, ScoreStatus
from results.run_folder import RunFolder
from runners.api_calling.api_bank import ApiBankAsked, begin_api_bank
from runners.api_calling.asking import given_by
from runners.api_calling.bfcl import RESULTS, BfclAsked, begin_bfcl, marked
from runners.api_calling.sessions import Finished, How, carry_out
from runners.benchmark_runs import read_asked
from runners.models.chat import Reply, ToolCall
from tests.runners.api_calling.small_sets import (
    ITEMS,
    SAMPLES,
    knows_all,
    write_bfcl,
    write_dialogues,
)
from tests.support.chat_server import (
    Answer,
    Asked,
    ChatServer,
    calls_tools,
    fails,
    overflows,
    says,
)

Run = Callable[..., Finished]


@pytest.fixture
def endpoint(
    chat_server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ChatServer:
    """The server, as what `openai:` models are asked at, with quick retries and no cache."""
    config = tmp_path / "config.toml"
    config.write_text("[chat]\nretries = 1\nfirst_wait_seconds = 0.01\ncache_max_mb = 0\n")
    monkeypatch.setenv("JUDGE_CONFIG", str(config))
    monkeypatch.delenv("JUDGE_CACHE_MAX_MB", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", chat_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback-0123456789abcdef")
    chat_server.rule = knows_all
    return chat_server


@pytest.fixture
def bfcl(endpoint: ChatServer, tmp_path: Path) -> Run:
    """Runs the small set; options are fields of BfclAsked."""
    data = write_bfcl(tmp_path / "bfcl")

    def run(resumes: RunFolder | None = None, jobs: int = 2, **options: Any) -> Finished:
        if resumes is not None:
            asked = read_asked(resumes.record, BfclAsked, "bfcl", resumes.record.config)
        else:
            given = {"mode": "tools", "underscore_names": True, **options}
            asked = BfclAsked(benchmark="bfcl", model="openai:m", data=str(data), **given)
        return carry_out(
            begin_bfcl(asked, How(jobs), resumes),
            runs_dir=tmp_path / "runs",
            store=tmp_path / "results.duckdb",
            progress=None,
        )

    return run


@pytest.fixture
def api_bank(endpoint: ChatServer, tmp_path: Path) -> Run:
    """Runs the two dialogues; options are fields of ApiBankAsked."""
    data = write_dialogues(tmp_path / "dialogues")

    def run(**options: Any) -> Finished:
        given = {"mode": "prompt", "data": str(data), **options}
        asked = ApiBankAsked(benchmark="api-bank", model="openai:m", **given)
        return carry_out(
            begin_api_bank(asked, How(2)),
            runs_dir=tmp_path / "runs",
            store=tmp_path / "results.duckdb",
            progress=None,
        )

    return run


def metric(finished: Finished, name: str, slice_: str = "") -> Metric:
    (found,) = [m for m in finished.metrics if (m.name, m.slice) == (name, slice_)]
    return found


def correct(finished: Finished) -> dict[str, float | None]:
    return {score.sample: score.values.get("accuracy") for score in finished.scores}


def test_a_model_that_knows_all_gets_all_right_with_tools(bfcl: Run, endpoint: ChatServer) -> None:
    finished = bfcl()
    assert correct(finished) == dict.fromkeys(SAMPLES, 1.0)
    assert finished.folder.status is RunStatus.COMPLETE
    assert {asked.body["temperature"] for asked in endpoint.requests} == {0.0}
    assert {asked.body["max_tokens"] for asked in endpoint.requests} == {1024}
    assert metric(finished, "accuracy").n == len(SAMPLES)
    assert metric(finished, "accuracy", "category=irrelevance").value == 1.0
    # Half of each group counts: live_irrelevance is missing, and of simple JavaScript.
    assert metric(finished, "BFCL irrelevance").value == 0.5
    assert metric(finished, "BFCL non-live").value == pytest.approx((2 / 3 + 0 + 1 + 0) / 4)
    assert metric(finished, "BFCL overall").value == pytest.approx(0.1 * 5 / 12 + 0.1 * 0.5)
    assert "live_simple" in metric(finished, "BFCL overall").note


def test_names_with_dots_go_out_with_underscores_and_are_scored_by_that_rule(
    bfcl: Run, endpoint: ChatServer
) -> None:
    finished = bfcl(categories=("simple_python",))
    offered = [asked.body["tools"][0]["function"]["name"] for asked in endpoint.requests]
    assert sorted(offered) == ["greet", "math_hypot"]
    assert correct(finished) == {"simple_python_0": 1.0, "simple_python_1": 1.0}
    assert finished.folder.record.scorer == "bfcl, underscore names"
    # With dots kept, what a model answers under another name is wrong.
    endpoint.rule = lambda asked: calls_tools(("math_hypot", {"x": 3, "y": 4}))
    dotted = bfcl(categories=("simple_python",), underscore_names=False)
    assert "wrong_func_name" in dotted.scores[0].reason


def test_calls_as_texts_are_asked_for_and_read(bfcl: Run, endpoint: ChatServer) -> None:
    texts = {
        "How long is the hypotenuse over 3 and 4?": "<think>3, 4</think>[math.hypot(x=3, y=4)]",
        "Greet Ada.": "[greet(name='Ada')]",
        "Light on.": "[Lamp.turn(on=true)]",
        "Greet Ada and Alan.": "[greet(name='Ada'), greet(name='Alan')]",
        "What is for lunch?": "None of these can tell.",
    }
    endpoint.rule = lambda asked: says(texts[asked.last])
    finished = bfcl(mode="prompt", underscore_names=False)
    assert correct(finished) == dict.fromkeys(SAMPLES, 1.0)
    assert finished.scores[0].prediction == "[math.hypot(x=3, y=4)]"
    assert not any("tools" in asked.body for asked in endpoint.requests)


def test_result_files_score_the_same_on_their_own(
    bfcl: Run, endpoint: ChatServer, tmp_path: Path
) -> None:
    def half_right(asked: Asked) -> Answer:
        # A text that looks like native calls stays a text in the result file.
        return says('[{"greet": "{}"}]') if "Ada" in asked.last else knows_all(asked)

    endpoint.rule = half_right
    finished = bfcl()
    results = finished.folder.path / "files" / RESULTS
    assert (results / "non_live" / "BFCL_v4_parallel_result.json").is_file()
    again = score_folder(tmp_path / "bfcl", results, underscore_names=True)
    for name, found in again.categories.items():
        assert found.accuracy == metric(finished, "accuracy", f"category={name}").value
        assert {s.id: float(s.is_correct) for s in found.scored}.items() <= correct(
            finished
        ).items()
    assert again.overall.overall == metric(finished, "BFCL overall").value
    assert sum(s.is_correct for f in again.categories.values() for s in f.scored) == 3


def replies(*calls: tuple[str, str], text: str = "", refusal: str | None = None) -> Reply:
    wanted = tuple(ToolCall(str(n), *call) for n, call in enumerate(calls))
    return Reply(text, wanted, refusal)


@pytest.mark.parametrize(
    ("reply", "reason", "is_read"),
    [
        (replies(("greet", '{"name": "Bob"}')), "value_error:string", True),
        (replies(("shout", '{"name": "Ada"}')), "wrong_func_name", True),
        (replies(("greet", "{}")), "missing_required", True),
        (replies(("greet", "{broken")), "decoder_failed", False),
        (replies(("greet", "[" * 90_000)), "decoder_failed", False),
        (replies(("greet", "[]")), "wrong_output_format", False),
        (replies(*[("greet" * 50, "{}")] * 10_000), "wrong_count", True),
        (replies(("greet", '{"name": "' + "a" * 2_000_000 + '"}')), "decoder_failed", False),
        (replies(text="Hello Ada!"), "decoder_failed", False),
        (replies(text=""), "wrong_count", True),
        (replies(refusal="I cannot."), "decoder_failed", False),
        (replies(text="[greet(name=__import__('os').abort())]"), "value_error:string", True),
        (replies(text="\x1b[2J\ud800\x00"), "decoder_failed", False),
        (replies(text="(" * 250_000), "decoder_failed", False),
    ],
)
def test_a_wrong_or_hostile_reply_is_wrong_for_a_reason_that_has_a_type(
    reply: Reply, reason: str, is_read: bool
) -> None:
    _, functions, right = ITEMS["simple_python"]["simple_python_1"]
    item = Item("simple_python_1", (), tuple(functions), tuple(right or ()))
    category = CATEGORIES["simple_python"]
    found = marked(item, category, given_by(reply), underscore_names=False)
    assert found.values == {"accuracy": 0.0}
    assert reason in found.reason
    assert found.is_read is is_read
    assert len(found.prediction) < 1_500_000
    # The prediction, read back as the result file has it, is worth the same.
    result = json.loads(found.prediction) if found.native_calls else found.prediction
    assert score_reply(item, result, category).type == found.reason.split(": ")[0]


def test_half_a_surrogate_pair_in_a_reply_is_harmless(bfcl: Run, endpoint: ChatServer) -> None:
    whole = says("SURROGATE\x00\x1b[2J")
    broken = replace(whole, body=whole.body.replace(b"SURROGATE", b"\\ud800"))
    endpoint.rule = lambda asked: broken
    finished = bfcl()
    assert correct(finished)["simple_python_1"] == 0.0
    assert finished.folder.status is RunStatus.COMPLETE


def test_an_endpoint_that_fails_leaves_errors_that_count_neither_way(
    bfcl: Run, endpoint: ChatServer
) -> None:
    endpoint.rule = lambda asked: (
        fails(500, "out of order") if asked.last == "Greet Ada." else knows_all(asked)
    )
    finished = bfcl()
    errors = [score for score in finished.scores if score.status is ScoreStatus.ERROR]
    assert [score.sample for score in errors] == ["simple_python_1"]
    assert errors[0].values == {}
    assert errors[0].reason.startswith("server_fault: ")
    whole = metric(finished, "accuracy")
    assert (whole.value, whole.n) == (1.0, len(SAMPLES) - 1)
    assert (whole.worst, whole.best) == (0.8, 1.0)
    assert finished.folder.status is RunStatus.INCOMPLETE
    lines = finished.folder.path / "files/results/non_live/BFCL_v4_simple_python_result.json"
    assert [json.loads(line)["id"] for line in lines.read_text().splitlines()] == [
        "simple_python_0"
    ]


def test_resuming_asks_only_what_has_no_answer(bfcl: Run, endpoint: ChatServer) -> None:
    endpoint.rule = lambda asked: overflows() if "Ada" in asked.last else knows_all(asked)
    first = bfcl()
    asked_first = endpoint.calls
    endpoint.rule = knows_all
    second = bfcl(resumes=first.folder)
    asked_again = [asked.last for asked in endpoint.requests[asked_first:]]
    assert sorted(asked_again) == ["Greet Ada and Alan.", "Greet Ada."]
    assert correct(second) == dict.fromkeys(SAMPLES, 1.0)
    assert second.folder.status is RunStatus.COMPLETE
    assert bfcl(resumes=second.folder).metrics == second.metrics
    assert endpoint.calls == asked_first + 2


@pytest.mark.parametrize("status", [401, 402])
def test_what_every_question_would_meet_ends_the_session_at_once(
    bfcl: Run, endpoint: ChatServer, status: int
) -> None:
    endpoint.rule = lambda asked: fails(status, "no")
    finished = bfcl(jobs=1)
    assert endpoint.calls == 1
    assert len(finished.scores) == 1
    assert finished.missing == len(SAMPLES) - 1
    assert finished.stopped
    assert metric(finished, "accuracy").value is None
    assert metric(finished, "accuracy").worst == 0.0


def test_an_endpoint_without_tools_is_asked_once(bfcl: Run, endpoint: ChatServer) -> None:
    endpoint.rule = lambda asked: fails(400, "tools are not supported by this model")
    finished = bfcl(jobs=1)
    assert endpoint.calls == 1
    assert "tools" in finished.stopped


def test_drawn_replies_are_never_those_kept_from_before(
    bfcl: Run, endpoint: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_CACHE_MAX_MB", "8")
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path / "cache"))
    bfcl(temperature=0.7)
    bfcl(temperature=0.7)
    assert endpoint.calls == 2 * len(SAMPLES)
    bfcl()
    kept = bfcl()
    assert endpoint.calls == 3 * len(SAMPLES)
    # What was kept took no time, so that it has no speed either.
    assert not [m for m in kept.metrics if m.name.startswith(("latency", "output_tokens"))]


def test_a_run_is_not_resumed_on_other_data(bfcl: Run, tmp_path: Path) -> None:
    finished = bfcl()
    path = tmp_path / "bfcl" / "BFCL_v4_irrelevance.json"
    path.write_text(path.read_text().replace("lunch", "dinner"))
    with pytest.raises(InputError, match=r"hashes\.data"):
        bfcl(resumes=finished.folder)


def test_an_unknown_category_and_an_unknown_run_are_named(bfcl: Run) -> None:
    with pytest.raises(InputError, match="no category 'quadruple'"):
        bfcl(categories=("quadruple",))
    record = bfcl().folder.record
    with pytest.raises(InputError, match="is of bfcl"):
        read_asked(record, ApiBankAsked, "api-bank", record.config)


def due_in(asked: Asked) -> str:
    return "call" if "(An API call is due now.)" in asked.last else "reply"


def speaks(asked: Asked) -> Answer:
    """The right call of the alarm; another API where a search is due; always the same reply."""
    if due_in(asked) == "reply":
        return says("The alarm is set.")
    if "Wake me" in asked.text:
        return says("[AddAlarm(time='14:00', token=' x ')]")
    return says("[PlayMusic(kind='rock')]")


def test_dialogues_are_scored_turn_by_turn(api_bank: Run, endpoint: ChatServer) -> None:
    endpoint.rule = speaks
    finished = api_bank()
    # Calls: the alarm's is right; ToolSearcher is not called; PlayMusic is, with another kind.
    assert metric(finished, "accuracy").value == pytest.approx(1 / 3)
    assert metric(finished, "EM_intent").value == pytest.approx(2 / 3)
    assert metric(finished, "EM_structure").value == pytest.approx(1 / 3)
    assert metric(finished, "ROUGE-1").n == 4
    reasons = {score.sample: score.reason.split(":")[0] for score in finished.scores}
    assert reasons["level-2/search#1"] == "API_NAME_MISMATCH"
    assert reasons["level-2/search#3"] == "INPUT_MISMATCH"
    by_sample = {score.sample: score for score in finished.scores}
    assert by_sample["level-1/alarm#4"].values == {"ROUGE-1": 1.0, "ROUGE-L": 1.0}
    # "is" is shared; 1 of 4 and of 4 words.
    assert by_sample["level-1/alarm#1"].values["ROUGE-1"] == pytest.approx(0.25)
    assert {score.cluster for score in finished.scores} == {"level-1/alarm", "level-2/search"}
    interval = metric(finished, "EM_intent").interval
    assert interval is not None
    assert interval.clusters == 2


def test_with_tools_a_call_is_a_tool_call(api_bank: Run, endpoint: ChatServer) -> None:
    def rule(asked: Asked) -> Answer:
        if due_in(asked) == "reply":
            return calls_tools(("AddAlarm", {}))
        if "Wake me" in asked.text:
            return calls_tools(("AddAlarm", {"token": "x", "time": "14:00"}))
        return calls_tools(("PlayMusic", "{broken"))

    endpoint.rule = rule
    finished = api_bank(mode="tools")
    found = {score.sample: score for score in finished.scores}
    assert found["level-1/alarm#3"].values["EM_structure"] == 1.0
    assert found["level-2/search#3"].reason.startswith("FAILED_PARSE_API_CALL")
    assert found["level-1/alarm#4"].values["ROUGE-1"] == 0.0
    assert "where a reply is due" in found["level-1/alarm#4"].reason
    choices = {(due_in(asked), asked.body["tool_choice"]) for asked in endpoint.requests}
    assert choices == {("call", "required"), ("reply", "none")}
    # Each result goes back under the id of its call.
    for asked in endpoint.requests:
        ids = [call["id"] for m in asked.messages for call in m.get("tool_calls", [])]
        assert ids == list(asked.tool_results)


def test_predictions_of_dialogues_score_the_same_on_their_own(
    api_bank: Run, endpoint: ChatServer, tmp_path: Path
) -> None:
    endpoint.rule = speaks
    finished = api_bank()
    path = finished.folder.path / "files" / "predictions.jsonl"
    again = score_predictions(turns_of(read_dialogue_set(tmp_path / "dialogues")), path)
    assert not again.missing
    right = sum(each.is_structure_right for each in again.calls)
    assert right / len(again.calls) == metric(finished, "accuracy").value
    rouge = sum(each.rouge_l for each in again.replies) / len(again.replies)
    assert rouge == pytest.approx(metric(finished, "ROUGE-L").value)


def test_the_limit_is_of_whole_dialogues(api_bank: Run, endpoint: ChatServer) -> None:
    endpoint.rule = speaks
    finished = api_bank(limit=1)
    assert [score.sample for score in finished.scores] == [
        "level-1/alarm#1",
        "level-1/alarm#3",
        "level-1/alarm#4",
    ]


@pytest.mark.parametrize("mode", ["prompt", "tools"])
def test_a_set_of_ones_own_is_asked_with_its_documents(
    api_bank: Run, endpoint: ChatServer, tmp_path: Path, mode: str
) -> None:
    alarm = {"name": "AddAlarm", "description": "Rings.", "parameters": {"properties": {}}}
    lamp = {"name": "lamp", "description": "Shines.", "parameters": {"properties": {}}}
    rows = [
        {
            "id": number,
            "apis": [lamp, alarm],
            "turns": [
                {"role": "USER", "text": "Wake me at two. It is x."},
                {"role": "CALL", "name": "AddAlarm", "arguments": {"token": "x", "time": "14:00"}},
                {"role": "AGENT", "text": "The alarm is set."},
            ],
        }
        for number in (1, 2)
    ]
    data = tmp_path / "mine.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    right = {"token": "x", "time": "14:00"}

    def rule(asked: Asked) -> Answer:
        if due_in(asked) == "reply":
            return says("The alarm is set.")
        return calls_tools(("AddAlarm", right)) if mode == "tools" else speaks(asked)

    endpoint.rule = rule
    finished = api_bank(mode=mode, data=str(data))
    assert [score.sample for score in finished.scores] == [
        "mine/1#1",
        "mine/1#2",
        "mine/2#1",
        "mine/2#2",
    ]
    assert metric(finished, "EM_structure").value == 1.0
    assert finished.folder.record.split == "mine"
    for asked in endpoint.requests:
        told = asked.body.get("tools") if mode == "tools" else asked.text
        assert "Shines." in str(told)
    path = finished.folder.path / "files" / "predictions.jsonl"
    again = score_predictions(turns_of(read_dialogue_set(data)), path)
    assert all(each.is_structure_right for each in again.calls) and not again.missing
