"""What `import results` offers, and what it does not drag in."""

from __future__ import annotations

import subprocess
import sys

import pytest

import results


def test_every_name_that_is_offered_can_be_used() -> None:
    for name in results.__all__:
        assert getattr(results, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = results.nothing


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [("import results.errors", "pydantic"), ("from results import Store, RunFolder", "duckdb")],
)
def test_nothing_heavy_is_imported_before_it_is_needed(statement: str, heavy: str) -> None:
    program = f"import sys; {statement}; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
