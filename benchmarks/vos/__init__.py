"""Video object segmentation: J&F under every convention in use (DAVIS, MOSE, SA-V and others)."""

from benchmarks.vos.counting import Counts
from benchmarks.vos.protocols import PROTOCOLS
from benchmarks.vos.scoring import ObjectScore, Scores, Summary, score

__all__ = ["PROTOCOLS", "Counts", "ObjectScore", "Scores", "Summary", "score"]
