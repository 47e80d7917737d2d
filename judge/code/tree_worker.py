"""The process that parses: reads requests line by line and answers each with what it read.

Grammars are compiled parsers; a hostile text can make one take gigabytes or crash. Here it takes
only this process with it.
"""

from __future__ import annotations

import contextlib
import json
import sys

from judge.code.tree_reading import read_tree
from judge.code.tree_records import to_record

MEMORY = 2 << 30
"""Bytes of address space the process may take."""


def main() -> None:
    """Answers requests until there are no more."""
    _limit_memory()
    for line in sys.stdin.buffer:
        path, language, text = json.loads(line)
        record = to_record(read_tree(path, text, language))
        sys.stdout.buffer.write(json.dumps(record).encode("ascii") + b"\n")
        sys.stdout.buffer.flush()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on this system
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
