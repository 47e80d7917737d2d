"""The errors a person can act on; each message says what is wrong, where, and how to mend it."""


class JudgeError(Exception):
    """Base of every error this project raises on purpose.

    `exit_status` is what the `judge` command ends with when nothing handles the error.
    """

    exit_status = 3


class InputError(JudgeError):
    """The call or its input was wrong: a missing folder, a broken file, an unknown option."""

    exit_status = 2


class MissingExtra(InputError):
    """An optional part is not installed; the message carries the install command."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an optional part: pip install 'agent-judge[{extra}]'.")
        self.extra = extra


class ModelError(JudgeError):
    """A model endpoint failed: unreachable, refused, out of quota, or an unusable reply."""


class SandboxError(JudgeError):
    """The sandbox itself failed, as opposed to what ran inside it."""


class StoreError(JudgeError):
    """The store cannot be used: made by a newer version, damaged, or locked for too long."""

    exit_status = 2


class JournalError(JudgeError):
    """A journal cannot take an entry: the disk is full, say, or the entry is too long."""


class BudgetExceeded(JudgeError):
    """A limit on money or tokens ended the run; it can be resumed."""


def first_line(error: BaseException) -> str:
    """What an error of a library says, in one line without its full stop, for a sentence of ours.

    >>> first_line(ValueError("no such file.\\nTraceback ..."))
    'no such file'
    """
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300].rstrip(".")
