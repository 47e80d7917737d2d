"""A model in twenty lines: copy this file, load your model in `load`, answer in `predict`.

Run it as `--model worker:/path/to/this_file.py`; docs/workers.md says what else an adapter may do.
"""

from typing import Any


class Adapter:
    name = "template"

    def load(self, options: Any) -> None:
        """Imports the model's code and loads `options.checkpoint` on `options.device`."""
        self.greeting = options.settings.get("greeting", "I see")

    def predict(self, question: Any) -> str:
        """The answer to `question.prompt` about `question.frames`, arrays of (height, width, 3)."""
        brightness = [int(frame.mean()) for frame in question.frames]
        question.note_token()
        return f"{self.greeting} {len(brightness)} frames of brightness {brightness}."
