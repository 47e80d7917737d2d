"""A worker in a virtual environment of its own, with another transformers than ours."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from textwrap import dedent

import pytest

from runners.models.video_language.interface import VideoReply
from tests.runners.workers.conftest import Opened
from tests.runners.workers.pictures import asked

PYTHON = Path(__file__).parents[3] / ".venvs" / "worker" / "bin" / "python"
SMOLVLM = """
import numpy as np
import torch
import transformers

class Adapter:
    def load(self, options):
        where = options.needed_checkpoint("smolvlm")
        # The file alone: each version describes a tokenizer in its own way beside it.
        self.tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_file=where + "/tokenizer.json"
        )
        made = transformers.SmolVLMForConditionalGeneration
        self.model = made.from_pretrained(where).eval()

    def describe(self):
        return {"loaded_with": transformers.__version__}

    def predict(self, question):
        side = self.model.config.vision_config.image_size
        frames = [np.resize(frame, (side, side, 3)) for frame in question.frames]
        pixels = torch.tensor(np.stack(frames)).permute(0, 3, 1, 2)[None] / 127.5 - 1
        asked = "<image>" * 4 * len(frames) + question.prompt
        ids = self.tokenizer(asked, return_tensors="pt")
        with torch.inference_mode():
            made = self.model.generate(
                input_ids=ids.input_ids, attention_mask=ids.attention_mask, pixel_values=pixels,
                do_sample=False, max_new_tokens=question.max_tokens,
                stopping_criteria=[question.note_token],
            )
        new = made[0, ids.input_ids.shape[1]:]
        return {"text": self.tokenizer.decode(new), "output_tokens": len(new),
                "visual_tokens": 4 * len(frames)}
"""


@pytest.mark.slow
def test_a_worker_answers_with_a_transformers_of_its_own(opened: Opened, tmp_path: Path) -> None:
    if not PYTHON.exists():
        pytest.skip("there is no .venvs/worker; make test makes it")
    pytest.importorskip("torch", reason="a tiny model needs the extra models")
    from tests.support.tiny_video_models import make_tiny_smolvlm

    folder = make_tiny_smolvlm(tmp_path / "smolvlm")
    adapter = tmp_path / "smolvlm.py"
    adapter.write_text(dedent(SMOLVLM))
    model = opened(f"{adapter}:{folder}", python=PYTHON)
    (reply,) = model.answer([asked("What is it?", (30, 200), max_tokens=12)])
    assert isinstance(reply, VideoReply), reply
    assert reply.text
    assert reply.output_tokens == 12
    assert reply.visual_tokens == 8
    assert reply.seconds_to_first is not None
    assert 0 < reply.seconds_to_first < reply.seconds
    described = model.describe()
    assert described["loaded_with"] == described["worker_transformers_version"]
    assert described["worker_transformers_version"] != metadata.version("transformers")
    assert described["worker_torch_version"] == metadata.version("torch")
