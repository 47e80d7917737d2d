"""MetaMorph by its official code, https://github.com/facebookresearch/metamorph.

Tong et al., MetaMorph: Multimodal Understanding and Generation via Instruction Tuning,
arXiv:2412.14164. Follows inference/demo.py and inference/load_metamorph.py: each frame is an image
of 64 tokens, answers are decoded greedily by the model's own loop, in fp16 on a CUDA device. The
demo hands on frames of a video in BGR; here they are RGB, as the images that it was trained with.
Pictures that the model makes while it answers are left out of the text, as in the demo. Real
checkpoints were not run with this adapter; its tests use a package of the same interface.

Settings: `conversation` (llama3 unless set).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runners.models.workers.side.judge_worker import Options, Question

INSTALL = "git clone https://github.com/facebookresearch/metamorph and pip install -e it"
# Where the model's own loop ends an answer (greedy_decode in metamorph_llama.py).
ENDS = (128001, 128009)


class Adapter:
    precision = "fp16"

    def load(self, options: Options) -> None:
        checkpoint = options.needed_checkpoint("metamorph-8b")
        if options.precision == "bf16":
            raise options.unusable("MetaMorph's own code computes in fp16; choose fp16, not bf16.")
        self._constants = options.imported("metamorph.constants", INSTALL)
        self._templates = options.imported("metamorph.conversation", INSTALL).conv_templates
        self._images = options.imported("metamorph.mm_utils", INSTALL)
        builder = options.imported("metamorph.model.builder", INSTALL)
        self.name = Path(checkpoint).name
        self._template = options.settings.get("conversation", "llama3")
        self.device = options.torch_device()
        # The builder knows its own models by this word in their name.
        self._tokenizer, self._model, self._processor, _ = builder.load_pretrained_model(
            model_path=checkpoint,
            model_base=None,
            model_name=f"metamorph {self.name}",
            device=self.device,
        )
        self._model.eval()
        self._per_image = int(self._model.get_vision_tower().image_token_len)

    def describe(self) -> dict[str, Any]:
        return {
            "conversation": self._template,
            "tokens_per_image": self._per_image,
            "parameters": sum(each.numel() for each in self._model.parameters()),
        }

    def predict(self, question: Question) -> dict[str, Any]:
        import torch

        conversation = self._templates[self._template].copy()
        conversation.append_message(conversation.roles[0], self._asked(question))
        conversation.append_message(conversation.roles[1], None)
        ids = self._images.tokenizer_image_token(
            conversation.get_prompt(),
            self._tokenizer,
            self._constants.IMAGE_TOKEN_INDEX,
            return_tensors="pt",
        )
        n_text = len(ids) - len(question.frames)
        n_visual = len(question.frames) * self._per_image
        self._check_room(n_text, n_visual)
        with torch.inference_mode():
            (made,) = self._model.generate(
                ids.unsqueeze(0).to(self.device),
                **self._pictures(question),
                output_image=False,
                use_customize_greedy=True,
                # Its loop makes one token more than it is told.
                max_new_tokens=question.max_tokens - 1,
                use_cache=True,
            )
        return {
            "text": self._tokenizer.decode(made, skip_special_tokens=True).strip(),
            "visual_tokens": n_visual,
            "prompt_tokens": n_text + n_visual,
            "output_tokens": len(made),
            "is_cut": int(made[-1]) not in ENDS,
        }

    def _asked(self, question: Question) -> str:
        if not question.frames:
            return question.prompt
        image = self._constants.DEFAULT_IMAGE_TOKEN
        if getattr(self._model.config, "mm_use_im_start_end", False):
            start, end = (
                self._constants.DEFAULT_IM_START_TOKEN,
                self._constants.DEFAULT_IM_END_TOKEN,
            )
            image = f"{start}{image}{end}"
        return f"{image * len(question.frames)}\n{question.prompt}"

    def _pictures(self, question: Question) -> dict[str, Any]:
        if not question.frames:
            return {"images": None}
        import torch
        from PIL import Image

        frames = [Image.fromarray(frame) for frame in question.frames]
        made = self._images.process_images(frames, self._processor, self._model.config)
        return {
            "images": made.to(self.device, dtype=torch.float16),
            "image_sizes": [frame.size for frame in frames],
        }

    def _check_room(self, n_text: int, n_visual: int) -> None:
        """ValueError where the model's code would leave images out without a word."""
        room = getattr(self._model.config, "tokenizer_model_max_length", None)
        if room is not None and n_text + n_visual > room:
            raise ValueError(
                f"the question takes {n_text} tokens and its frames {n_visual}, and the model has"
                f" room for {room}: sample fewer frames"
            )
