"""A configuration with the interface of minigpt4/common/config.py, without OmegaConf."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class Node(dict[str, Any]):
    def __getattr__(self, name: str) -> Any:
        value = self[name]
        return Node(value) if isinstance(value, dict) else value

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name) if name in self else default


class Config:
    def __init__(self, args: Any) -> None:
        assert args.options is None
        read = Node(yaml.safe_load(Path(args.cfg_path).read_text()))
        self.model_cfg, self.datasets_cfg = read.model, read.datasets
