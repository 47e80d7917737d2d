"""Any local model of this project, in a process of its own of the same Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runners.models.workers.side.judge_worker import Options, Question


class Adapter:
    def load(self, options: Options) -> None:
        install = "pip install agent-judge"
        errors = options.imported("results.errors", install)
        opening = options.imported("runners.models.video_language.opening", install)
        self._interface = options.imported("runners.models.video_language.interface", install)
        try:
            self._model = opening.open_video_language_model(
                options.settings["spec"],
                device=options.device,
                precision=options.precision,
                variant=options.variant,
                code=None if options.code is None else Path(options.code),
            )
        except errors.JudgeError as error:
            raise options.unusable(str(error)) from None
        self.name = self._model.name
        self.device, self.precision = self._model.device, self._model.precision
        self.largest_batch = self._model.largest_batch

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = self._model.describe()
        return described

    def predict_batch(self, questions: list[Question]) -> list[dict[str, Any]]:
        asked = [
            self._interface.VideoQuestion(
                question.prompt,
                self._interface.SampledFrames(
                    tuple(question.frames), tuple(question.times), question.seconds
                ),
                question.max_tokens,
            )
            for question in questions
        ]
        return [self._said(answer) for answer in self._model.answer(asked)]

    def _said(self, answer: Any) -> dict[str, Any]:
        if isinstance(answer, self._interface.Unanswered):
            return {"error": answer.reason, "is_fatal": answer.is_fatal}
        return dict(vars(answer))
