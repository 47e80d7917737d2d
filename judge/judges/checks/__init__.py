"""The `checks` judge: deterministic probes over code and artifacts; no model, no execution."""

from judge.judges.checks.judge import ChecksJudge

__all__ = ["ChecksJudge"]
