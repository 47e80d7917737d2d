"""Files of every kind, read through a real workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from judge.workspace import Artifact, Limits, Workspace

Read = Callable[..., Artifact]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Writes a file into an otherwise empty workspace, and gives its artifact."""

    def reading(
        name: str, content: bytes | str, limits: Limits | None = None, **beside: bytes
    ) -> Artifact:
        folder = tmp_path / f"w{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        for suffix, companion in beside.items():
            target.with_name(target.name + f"-{suffix}").write_bytes(companion)
        return Workspace.open(folder, limits).artifact(name)

    return reading
