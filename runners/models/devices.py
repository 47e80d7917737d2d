"""Where a model runs and in what precision: chosen once, refused where a machine cannot."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from results.errors import InputError, MissingExtra, first_line

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["fp32", "bf16", "fp16"]

PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "fp16")


@dataclass(frozen=True)
class Placement:
    """A device that is there (`cpu`, `cuda`, `mps`) and a precision that it computes in."""

    device: str
    precision: Precision

    @property
    def dtype(self) -> Any:
        """The torch type of weights in this precision."""
        torch = imported_torch()
        kinds = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
        return kinds[self.precision]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Inference without gradients; bf16 and fp16 by autocast, as SAM 2's own evaluation."""
        import torch

        with torch.inference_mode():
            if self.precision == "fp32":
                yield
                return
            kind = torch.bfloat16 if self.precision == "bf16" else torch.float16
            with torch.autocast(self.device, dtype=kind):
                yield


def torch_placement(device: Device, precision: Precision) -> Placement:
    """The placement for torch; InputError names what this machine lacks.

    `auto` is a CUDA device, else Apple's, else the CPU.
    """
    torch = imported_torch()
    if precision not in PRECISIONS:
        raise InputError(f"No precision {precision}; there are {', '.join(PRECISIONS)}.")
    has_cuda = torch.cuda.is_available()
    has_mps = torch.backends.mps.is_available()
    chosen = str(device)
    if device == "auto":
        chosen = "cuda" if has_cuda else "mps" if has_mps else "cpu"
    if chosen not in ("cpu", "cuda", "mps"):
        raise InputError(f"No device {device}; there are auto, cpu, cuda and mps.")
    if chosen == "cuda" and not has_cuda:
        raise InputError(
            "There is no CUDA device that torch can use here; choose the device cpu, or install a"
            " torch built for CUDA."
        )
    if chosen == "mps" and not has_mps:
        raise InputError("There is no Apple GPU that torch can use here; choose the device cpu.")
    if precision == "bf16" and chosen == "cuda" and not torch.cuda.is_bf16_supported():
        raise InputError("This CUDA device does not compute in bf16; choose fp16 or fp32.")
    return Placement(chosen, precision)


def imported_torch() -> Any:
    """The torch module; MissingExtra without it."""
    try:
        import torch
    except ImportError:
        raise MissingExtra("Running a model here", "models") from None
    return torch


def compiled(function: Any) -> Any:
    """`torch.compile` of a function whose inputs never change their shape.

    Compilation comes with the first call; where it fails, that call is an InputError.
    """
    torch = imported_torch()
    fast = torch.compile(function, dynamic=False)

    @functools.wraps(function)
    def called(*args: Any, **settings: Any) -> Any:
        try:
            return fast(*args, **settings)
        except torch._dynamo.exc.TorchDynamoException as error:
            raise InputError(
                f"torch.compile cannot compile this model here: {first_line(error)}; leave it out."
            ) from None

    return called
