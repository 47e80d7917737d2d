"""LongVU by its official code, https://github.com/Vision-CAIR/LongVU.

Shen et al., LongVU: Spatiotemporal Adaptive Compression for Long Video-Language Understanding,
arXiv:2410.17434. Follows the repository's README and eval/eval_videomme.py, which decode greedily
in fp16 on a CUDA device, from frames at 1 per second (0.5 in the evaluation on Video-MME): sample
so. Real checkpoints were not run with this adapter; its tests use a package of the same interface.

Settings: `version` (qwen or llama3; else by the checkpoint's name) and `drop_threshold` (0.65 in
eval/eval_videomme.py; else the checkpoint's own).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runners.models.workers.side.judge_worker import Options, Question

INSTALL = "git clone https://github.com/Vision-CAIR/LongVU and install its requirements"


class Adapter:
    precision = "fp16"
    _length: int | None = None

    def load(self, options: Options) -> None:
        checkpoint = options.needed_checkpoint("LongVU_Qwen2_7B")
        if options.precision == "bf16":
            raise options.unusable("LongVU's own code computes in fp16; choose fp16, not bf16.")
        self._constants = options.imported("longvu.constants", INSTALL)
        self._conversation = options.imported("longvu.conversation", INSTALL)
        self._data = options.imported("longvu.mm_datautils", INSTALL)
        builder = options.imported("longvu.builder", INSTALL)
        self.name = Path(checkpoint).name
        by_name = "llama3" if "llama" in self.name.lower() else "qwen"
        self._version = options.settings.get("version", by_name)
        self.device = options.torch_device()
        self._tokenizer, self._model, self._processor, _ = builder.load_pretrained_model(
            checkpoint, None, f"cambrian_{self._version}", device_map=None, device=self.device
        )
        self._model.to(self.device).eval()
        self._model.config.use_cache = True
        if "drop_threshold" in options.settings:
            threshold = float(options.settings["drop_threshold"])
            self._model.get_model().config.drop_threshold = threshold
        self._parameters = sum(each.numel() for each in self._model.parameters())
        self._note_lengths()

    def describe(self) -> dict[str, Any]:
        threshold = getattr(self._model.get_model().config, "drop_threshold", None)
        described = {"version": self._version, "parameters": self._parameters}
        return described if threshold is None else {**described, "drop_threshold": threshold}

    def predict(self, question: Question) -> dict[str, Any]:
        import torch

        conversation = self._conversation.conv_templates[self._version].copy()
        conversation.append_message(conversation.roles[0], self._asked(question))
        conversation.append_message(conversation.roles[1], None)
        ids = self._data.tokenizer_image_token(
            conversation.get_prompt(),
            self._tokenizer,
            self._constants.IMAGE_TOKEN_INDEX,
            return_tensors="pt",
        )
        if "llama3" in self._version:
            # Its template writes the first token, and so does its tokenizer.
            ids = ids[1:]
        ids = ids.unsqueeze(0).to(self.device)
        styles = self._conversation.SeparatorStyle
        is_two = conversation.sep_style == styles.TWO
        stop = conversation.sep2 if is_two else conversation.sep
        keywords = self._data.KeywordsStoppingCriteria([stop], self._tokenizer, ids)
        self._length = None
        with torch.inference_mode():
            made = self._model.generate(
                ids,
                **self._pictures(question),
                do_sample=False,
                temperature=0.0,
                max_new_tokens=question.max_tokens,
                use_cache=True,
                stopping_criteria=[question.note_token, keywords],
            )
        if isinstance(made, tuple):
            made = made[0]
        text = self._tokenizer.batch_decode(made, skip_special_tokens=True)[0].strip()
        is_whole = bool(stop) and text.endswith(stop)
        if is_whole:
            text = text[: -len(stop)].strip()
        n_text = int((ids != self._constants.IMAGE_TOKEN_INDEX).sum())
        n_input = n_text if self._length is None else self._length
        n_made = int(made.shape[1])
        last = int(made[0, -1]) if n_made else None
        return {
            "text": text,
            "visual_tokens": n_input - n_text,
            "prompt_tokens": n_input,
            "output_tokens": n_made,
            "is_cut": n_made >= question.max_tokens
            and not is_whole
            and last != self._tokenizer.eos_token_id,
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
        return f"{image}\n{question.prompt}"

    def _pictures(self, question: Question) -> dict[str, Any]:
        if not question.frames:
            return {}
        import numpy as np

        video = np.stack(question.frames)
        made = self._data.process_images(video, self._processor, self._model.config)
        return {
            "images": [frames.unsqueeze(0) for frames in made],
            "image_sizes": [video[0].shape[:2]],
        }

    def _note_lengths(self) -> None:
        """Has the model tell how long its input is once the frames are compressed."""
        prepare = self._model.prepare_inputs_labels_for_multimodal

        def noting(*inputs: Any, **options: Any) -> Any:
            made = prepare(*inputs, **options)
            # The embeddings are the fifth, as in LLaVA; None when there are no frames.
            if made[4] is not None and self._length is None:
                self._length = int(made[4].shape[1])
            return made

        self._model.prepare_inputs_labels_for_multimodal = noting
