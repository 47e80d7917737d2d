"""The adapters that are shipped, the official ones over packages of the same interface."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from results.errors import InputError
from runners.models.video_language.interface import Unanswered, VideoReply
from runners.models.workers.asking import WorkerModel
from runners.models.workers.models import ADAPTERS, SHIPPED, open_worker_model
from runners.models.workers.side import judge_worker
from tests.runners.workers.conftest import Opened
from tests.runners.workers.pictures import asked

STAND_IN = Path(__file__).parent / "stand_in"
SIDE = Path(judge_worker.__file__).parent


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints") / "tiny"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"weights")
    return folder


@pytest.fixture(scope="module")
def with_torch() -> None:
    pytest.importorskip("torch", reason="the adapters' models need the extra models")


@pytest.fixture(scope="module")
def official(checkpoint: Path, with_torch: None) -> Iterator[Callable[[str], WorkerModel]]:
    """LongVU or MetaMorph as it is without a config file, opened once for all tests."""
    models: dict[str, WorkerModel] = {}

    def named(name: str) -> WorkerModel:
        if name not in models:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("JUDGE_CONFIG", os.devnull)
                models[name] = open_worker_model(
                    f"{name}:{checkpoint}", code=STAND_IN, device="cpu"
                )
        return models[name]

    yield named
    for model in models.values():
        model.close()


def replied(model: WorkerModel, *arguments: object, **options: object) -> VideoReply:
    (reply,) = model.answer([asked(*arguments, **options)])  # type: ignore[arg-type]
    assert isinstance(reply, VideoReply), reply
    return reply


@pytest.mark.parametrize("path", sorted(SIDE.rglob("*.py")), ids=lambda path: path.name)
def test_what_runs_in_a_worker_is_written_for_an_old_python(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    bodies = (SIDE / "judge_worker.py", *(ADAPTERS / f"{name}.py" for name in SHIPPED))
    if path in bodies:
        imported = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        assert "__future__" in {node.module for node in imported}
        assert not [node for node in imported if (node.module or "").startswith("runners")]


def test_the_template_is_short_and_answers(opened: Opened, config: Path) -> None:
    path = ADAPTERS / "template.py"
    assert len(path.read_text().splitlines()) <= 25
    config.write_text('[workers.template.settings]\ngreeting = "Here are"\n')
    model = opened(str(path))
    assert model.name == "template"
    assert replied(model, greys=(3, 200)).text == "Here are 2 frames of brightness [3, 200]."
    assert replied(model).text == "Here are 0 frames of brightness []."


def test_a_reply_has_the_time_and_memory_that_the_worker_measured(opened: Opened) -> None:
    reply = replied(opened(str(ADAPTERS / "template.py")), greys=(3,))
    assert reply.seconds_to_first is not None
    assert 0 < reply.seconds_to_first <= reply.seconds < 5
    assert reply.peak_bytes is not None
    assert 2**20 < reply.peak_bytes < 2**34


def test_longvu_is_asked_as_its_evaluation_asks(official: Callable[[str], WorkerModel]) -> None:
    model = official("longvu")
    assert (model.name, model.device, model.precision) == ("tiny", "cpu", "fp16")
    reply = replied(model, "Who?", greys=(10, 10, 10, 90))
    assert reply.text == ("[10, 10, 10, 90] [(6, 8)] qwen [user]<image>\nWho?/[assistant]")
    # Four places for a frame that is new, one for each that is as the one before.
    assert reply.visual_tokens == 4 + 1 + 1 + 4
    n_text = len("[user]\nWho?|[assistant]")
    assert reply.prompt_tokens == n_text + 10
    assert reply.output_tokens == len(reply.text) + 1
    assert reply.seconds_to_first is not None
    assert not reply.is_cut


def test_longvu_asked_blind_sees_nothing(official: Callable[[str], WorkerModel]) -> None:
    reply = replied(official("longvu"), "Who?")
    assert reply.text == "[] None qwen [user]Who?/[assistant]"
    assert reply.visual_tokens == 0
    assert reply.prompt_tokens == len("[user]Who?|[assistant]")


def test_longvu_takes_its_version_and_threshold_from_the_config_file(
    opened: Opened, config: Path, checkpoint: Path, with_torch: None
) -> None:
    config.write_text(
        f'[workers.longvu]\ncode = "{STAND_IN}"\n'
        '[workers.longvu.settings]\nversion = "llama3"\ndrop_threshold = 0.65\n'
    )
    model = opened(f"longvu:{checkpoint}", device="cpu")
    # The start of a text is not written twice.
    assert replied(model, "Who?").text == "[] None llama3 ^[user]Who?/[assistant]"
    described = model.describe()
    assert (described["version"], described["drop_threshold"]) == ("llama3", 0.65)
    assert described["checkpoint"] == str(checkpoint)
    assert described["bytes"] == len(b"weights")


@pytest.mark.parametrize("name", ["longvu", "metamorph"])
def test_an_answer_that_has_no_room_is_cut(
    official: Callable[[str], WorkerModel], name: str
) -> None:
    reply = replied(official(name), greys=(1,), max_tokens=3)
    assert (len(reply.text), reply.output_tokens, reply.is_cut) == (3, 3, True)


def test_metamorph_sees_each_frame_as_an_image_in_rgb(
    official: Callable[[str], WorkerModel],
) -> None:
    model = official("metamorph")
    image = "<image_start><image><image_end>"
    reply = replied(model, "Who?", greys=(10, 90))
    assert reply.text == (
        f"[[10, 10, 10], [90, 90, 90]] [(8, 6), (8, 6)] [user]{image}{image}\nWho?/[assistant]"
    )
    assert reply.visual_tokens == 128
    assert reply.prompt_tokens is not None
    n_text = len(f"[user]{image}{image}\nWho?/[assistant]") - 2 * len("<image>")
    assert reply.prompt_tokens == 128 + n_text
    assert not reply.is_cut
    assert replied(model, "Who?").text == "[] None [user]Who?/[assistant]"


def test_metamorph_leaves_no_frame_out_in_silence(official: Callable[[str], WorkerModel]) -> None:
    model = official("metamorph")
    first, second = model.answer([asked("Who?", (1,) * 12), asked("Who?", (1,))])
    assert isinstance(first, Unanswered)
    assert "its frames 768, and the model has room for 600: sample fewer frames" in first.reason
    assert not first.is_fatal
    assert isinstance(second, VideoReply)


@pytest.mark.parametrize(("frames", "mean"), [("middle", 60), ("grid", (10 + 60 + 20 + 0) / 4)])
def test_minigpt_v2_sees_one_picture(
    opened: Opened,
    config: Path,
    checkpoint: Path,
    with_torch: None,
    frames: str,
    mean: float,
) -> None:
    config.write_text(
        f'[workers.minigpt_v2]\ncode = "{STAND_IN}"\n'
        f'[workers.minigpt_v2.settings]\nllama_model = "llama"\nframes = "{frames}"\n'
    )
    weights = checkpoint / "weights.bin"
    model = opened(f"minigpt_v2:{weights}", device="cpu")
    reply = replied(model, "Who?", greys=(10, 60, 20))
    seen, _, prompt = reply.text.partition(f" by {weights} on llama: ")
    shape, _, brightness = seen.partition(" mean ")
    assert shape == "(1, 3, 28, 28)"
    # The picture is resized, which blends the edges of the grid.
    assert abs(float(brightness) - mean) < 2
    assert prompt == "<s>[INST] <Img><ImageHere></Img> [vqa] Who? [/INST]"
    assert reply.visual_tokens == 256
    blind = replied(model, "Who?")
    assert (blind.text, blind.visual_tokens) == ("blind: start[INST] [vqa] Who? end", 0)


@pytest.mark.parametrize("name", SHIPPED)
def test_code_that_is_not_there_is_named_with_where_to_get_it(
    opened: Opened, checkpoint: Path, name: str
) -> None:
    with pytest.raises(InputError, match=r"is not there for .*git clone https://github\.com/"):
        opened(f"{name}:{checkpoint}", device="cpu")
    with pytest.raises(InputError, match="needs a checkpoint"):
        opened(name, code=STAND_IN)
    with pytest.raises(InputError, match="fp16, not bf16"):
        opened(f"{name}:{checkpoint}", precision="bf16")


def test_a_library_that_the_code_needs_is_named(
    opened: Opened, tmp_path: Path, checkpoint: Path
) -> None:
    package = tmp_path / "code" / "longvu"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import decord_of_old\n")
    with pytest.raises(InputError, match=r"longvu needs decord_of_old, which .* cannot import"):
        opened(f"longvu:{checkpoint}", code=package.parent)


@pytest.mark.parametrize(
    ("place", "options", "why"),
    [
        ("other", {}, "no worker adapter 'other'; there are longvu, metamorph, minigpt_v2"),
        ("nowhere.py", {}, r"no adapter file nowhere\.py"),
        ("longvu:./nowhere", {}, "There is no checkpoint nowhere"),
        ("longvu:x", {"code": Path("nowhere")}, "no folder .*nowhere"),
        ("longvu:x", {"python": Path("no/python")}, "Python no/python is not there"),
        ("longvu:x", {"device": "cuda:x"}, "No device cuda:x"),
        ("longvu:nowhere", {"code": STAND_IN, "device": "cpu"}, "nowhere is not a local folder"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(
    opened: Opened, place: str, options: dict[str, object], why: str
) -> None:
    with pytest.raises(InputError, match=why):
        opened(place, **options)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[workers.longvu]\npyhton = 'a'\n", r"workers\.longvu\.pyhton: Extra inputs"),
        ("[workers.longvu]\nload_seconds = 0\n", r"load_seconds: Input should be greater"),
        ("[workers\n", "not valid TOML"),
    ],
)
def test_faults_of_the_config_file_are_named(
    opened: Opened, config: Path, text: str, why: str
) -> None:
    config.write_text(text)
    with pytest.raises(InputError, match=why):
        opened("longvu:x")
