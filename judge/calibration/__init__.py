"""Calibration of a judge: mutants of good outputs, on which the right verdict is known."""

from judge.calibration.good import (
    GoodOutput,
    Known,
    bundled_good_outputs,
    good_output,
    good_outputs,
)
from judge.calibration.measure import Asked, CalibrationReport, Share, calibrate, mutations_of
from judge.calibration.mutation import Kind, Mutation

__all__ = [
    "Asked",
    "CalibrationReport",
    "GoodOutput",
    "Kind",
    "Known",
    "Mutation",
    "Share",
    "bundled_good_outputs",
    "calibrate",
    "good_output",
    "good_outputs",
    "mutations_of",
]
