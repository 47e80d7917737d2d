"""Attacks on a judge: material that asks for a verdict it does not deserve."""

from judge.redteam.corpus import Attack, attacks
from judge.redteam.measure import Attempt, RedTeamReport, run_redteam

__all__ = ["Attack", "Attempt", "RedTeamReport", "attacks", "run_redteam"]
