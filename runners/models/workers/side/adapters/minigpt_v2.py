"""MiniGPT-v2 by its official code, https://github.com/Vision-CAIR/MiniGPT-4.

Chen et al., MiniGPT-v2: Large Language Model As a Unified Interface for Vision-Language Multi-task
Learning, arXiv:2310.09478. Follows minigpt4/common/eval_utils.py and eval_scripts/eval_vqa.py,
which decode greedily. It is a model of single images: of a video it sees the frame in the middle,
or, where `frames` is grid, all in one picture, in reading order on a grid as square as may be.
Asked blind, the same prompt goes to its language model without an image. Real checkpoints were not
run with this adapter; its tests use a package of the same interface.

Settings: `llama_model` (the folder of Llama 2 Chat 7B, which the checkpoint builds on), `config`
(else eval_configs/minigptv2_benchmark_evaluation.yaml of the checkout), `frames` (middle or grid),
`task` (its identifier before each prompt, vqa unless set).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from runners.models.workers.side.judge_worker import Options, Question

INSTALL = "git clone https://github.com/Vision-CAIR/MiniGPT-4 and install its environment.yml"
CONFIG = "eval_configs/minigptv2_benchmark_evaluation.yaml"


class Adapter:
    precision = "fp16"
    _visual: int | None = None

    def load(self, options: Options) -> None:
        checkpoint = options.needed_checkpoint("checkpoint_stage3.pth")
        if options.precision == "bf16":
            raise options.unusable("MiniGPT-v2's own code computes in fp16; choose fp16, not bf16.")
        # Importing it registers the models and processors.
        self._evaluation = options.imported("minigpt4.common.eval_utils", INSTALL)
        registry = options.imported("minigpt4.common.registry", INSTALL).registry
        configs = options.imported("minigpt4.common.config", INSTALL)
        conversations = options.imported("minigpt4.conversation.conversation", INSTALL)
        config = Path(options.settings.get("config") or Path(options.code or "") / CONFIG)
        if not config.is_file():
            raise options.unusable(
                f"There is no configuration {config}; give the folder of MiniGPT-4's code, or name"
                " a file in the setting config."
            )
        self._frames = options.settings.get("frames", "middle")
        if self._frames not in ("middle", "grid"):
            raise options.unusable(f"The setting frames is {self._frames}, not middle or grid.")
        self._task = options.settings.get("task", "vqa")
        self.name = Path(checkpoint).stem
        self.device = options.torch_device()
        asked = argparse.Namespace(cfg_path=str(config), options=None)
        whole = configs.Config(asked)
        model = whole.model_cfg
        model.ckpt = checkpoint
        if "llama_model" in options.settings:
            model.llama_model = options.settings["llama_model"]
        self._model = registry.get_model_class(model.arch).from_config(model).to(self.device)
        self._model.eval()
        first = next(iter(whole.datasets_cfg.keys()))
        processing = whole.datasets_cfg.get(first).vis_processor.train
        processor = registry.get_processor_class(processing.name)
        self._process = processor.from_config(processing)
        self._conversation = conversations.CONV_VISION_minigptv2.copy()
        self._conversation.system = ""
        self._note_lengths()

    def describe(self) -> dict[str, Any]:
        return {
            "task": self._task,
            "video_frames": self._frames,
            "parameters": sum(each.numel() for each in self._model.parameters()),
        }

    def predict(self, question: Question) -> dict[str, Any]:
        import torch

        asked = f"[{self._task}] {question.prompt}"
        self._visual = None
        with torch.inference_mode():
            if question.frames:
                text = self._seen(asked, self._picture(question.frames), question.max_tokens)
            else:
                text = self._blind(asked, question.max_tokens)
        return {
            "text": text.replace("<unk>", "").strip(),
            "visual_tokens": self._visual if question.frames else 0,
        }

    def _picture(self, frames: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        if self._frames == "middle":
            return frames[len(frames) // 2]
        return grid_of(frames)

    def _seen(self, asked: str, picture: NDArray[np.uint8], max_tokens: int) -> str:
        from PIL import Image

        pixels = self._process(Image.fromarray(picture)).unsqueeze(0)
        (prompt,) = self._evaluation.prepare_texts([asked], self._conversation)
        (text,) = self._model.generate(pixels, [prompt], max_new_tokens=max_tokens, do_sample=False)
        return str(text)

    def _blind(self, asked: str, max_tokens: int) -> str:
        conversation = self._conversation.copy()
        conversation.append_message(conversation.roles[0], asked)
        conversation.append_message(conversation.roles[1], None)
        tokenizer = self._model.llama_tokenizer
        ids = tokenizer(conversation.get_prompt(), return_tensors="pt").to(self.device)
        with self._model.maybe_autocast():
            (made,) = self._model.llama_model.generate(
                inputs_embeds=self._model.embed_tokens(ids.input_ids),
                attention_mask=ids.attention_mask,
                max_new_tokens=max_tokens,
                do_sample=False,
            )
        # As its own `generate` reads what was made.
        text = tokenizer.decode(made, skip_special_tokens=True)
        return str(text.split("</s>")[0].replace("<s>", "").split("[/INST]")[-1].strip())

    def _note_lengths(self) -> None:
        """Has the model tell how many places an image takes of its input."""
        encode = self._model.encode_img

        def noting(image: Any) -> Any:
            made = encode(image)
            self._visual = int(made[0].shape[1])
            return made

        self._model.encode_img = noting


def grid_of(frames: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Frames of one size in one picture, in reading order; what is left of the grid is black."""
    import numpy as np

    across = int(np.ceil(np.sqrt(len(frames))))
    down = -(-len(frames) // across)
    height, width, _ = frames[0].shape
    picture = np.zeros((down * height, across * width, 3), np.uint8)
    for at, frame in enumerate(frames):
        top, left = at // across * height, at % across * width
        picture[top : top + height, left : left + width] = frame
    return picture
