"""How much text of a trajectory is kept, and what is said of the rest."""

from __future__ import annotations

LARGEST_FILE = 64 << 20
LONGEST_TEXT = 200_000
MOST_STEPS = 20_000
# An error stands at the end of a long output, so the end is kept too.
KEPT_TAIL = LONGEST_TEXT // 4
MOST_NOTES = 200


class Notes:
    """Collects what is odd and what was left out while a file is read."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.cuts: list[str] = []

    def warn(self, text: str) -> None:
        if len(self.warnings) < MOST_NOTES:
            self.warnings.append(text)

    def cut(self, text: str) -> None:
        if len(self.cuts) < MOST_NOTES:
            self.cuts.append(text)

    def bounded(self, text: str, place: str) -> str:
        """The text without half surrogates, and with its middle left out where it is too long."""
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode("utf-8")
        if len(text) <= LONGEST_TEXT:
            return text
        left_out = len(text) - LONGEST_TEXT
        self.cut(f"{place} has {len(text):,} characters; {left_out:,} in its middle are left out")
        head = text[: LONGEST_TEXT - KEPT_TAIL]
        return f"{head}\n[… {left_out:,} characters left out …]\n{text[-KEPT_TAIL:]}"
