"""Opens models in processes of their own: `worker:` models, and local ones for several GPUs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from results.errors import InputError
from runners.models.devices import Precision
from runners.models.workers.asking import Loading, WorkerModel
from runners.models.workers.process import Launch, passed_environment
from runners.models.workers.settings import worker_settings

ADAPTERS = Path(__file__).parent / "side" / "adapters"
SHIPPED = ("longvu", "metamorph", "minigpt_v2")


def open_worker_model(
    place: str,
    *,
    device: str = "auto",
    precision: Precision = "fp32",
    variant: str | None = None,
    code: Path | None = None,
    python: Path | None = None,
    log: Path | None = None,
) -> WorkerModel:
    """The model that `worker:<place>` names, loaded in a process of its own.

    place: `<adapter>` or `<adapter>:<checkpoint>`; the adapter is longvu, metamorph, minigpt_v2, or
    an adapter's file.
    device: auto, cpu, cuda, mps, or cuda:<number> for one of several.
    code, python: go before those of the config file; without either the Python is this one.
    log: gets what the worker writes to standard error.
    InputError, in a sentence, when it cannot be loaded; ModelError when its worker fails.
    """
    adapter, _, checkpoint = place.partition(":")
    file = _adapter_file(adapter)
    settings = worker_settings(file.stem)
    loading = Loading(
        spec=f"worker:{place}",
        checkpoint=_checkpoint(checkpoint),
        device=device.partition(":")[0],
        precision=precision,
        variant=variant,
        code=_code_folder(code or settings.code),
        settings=settings.settings,
        hello_seconds=settings.hello_seconds,
        load_seconds=settings.load_seconds,
        predict_seconds=settings.predict_seconds,
    )
    interpreter = _interpreter(python or settings.python or Path(sys.executable))
    environment = _environment(device, settings.environment)
    return WorkerModel(Launch(interpreter, str(file), loading.code, environment, log), loading)


def local_process_model(
    spec: str,
    *,
    device: str = "auto",
    precision: Precision = "fp32",
    variant: str | None = None,
    code: Path | None = None,
    log: Path | None = None,
) -> WorkerModel:
    """The model of `open_video_language_model(spec)`, in a process of its own of this Python.

    device: as for `open_worker_model`; with `cuda:1` the process sees that GPU alone.
    code: the folder of a python: model's module.
    InputError for a model that is asked over the network or has a worker already.
    """
    if spec.partition(":")[0] not in ("hf", "python"):
        raise InputError(
            f"The model {spec} needs no process of its own; hf: and python: models do."
        )
    loading = Loading(
        spec=spec,
        device=device.partition(":")[0],
        precision=precision,
        variant=variant,
        code=_code_folder(code),
        settings={"spec": spec},
    )
    file = ADAPTERS / "local_model.py"
    # What can be imported here can be imported there, a python: model's module included.
    environment = {**_environment(device), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return WorkerModel(Launch(Path(sys.executable), str(file), None, environment, log), loading)


def _adapter_file(adapter: str) -> Path:
    path = Path(adapter).expanduser()
    if path.suffix == ".py":
        if not path.is_file():
            raise InputError(f"There is no adapter file {path}.")
        return path.absolute()
    if adapter not in SHIPPED:
        raise InputError(
            f"There is no worker adapter {adapter!r}; there are {', '.join(SHIPPED)}, or name an"
            " adapter's file, ending in .py."
        )
    return ADAPTERS / f"{adapter}.py"


def _checkpoint(place: str) -> str | None:
    """The whole path of a checkpoint that is here, else the name, which may be one on a hub."""
    path = Path(place).expanduser()
    if not place:
        return None
    if path.exists():
        return str(path.absolute())
    if place.startswith(("/", "~", "./", "../")):
        raise InputError(f"There is no checkpoint {path}.")
    return place


def _code_folder(code: Path | None) -> Path | None:
    if code is None:
        return None
    folder = code.expanduser().absolute()
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder} with the model's code.")
    return folder


def _interpreter(python: Path) -> Path:
    found = shutil.which(str(python.expanduser()))
    if found is None:
        raise InputError(
            f"The worker's Python {python} is not there; name the interpreter of the model's"
            " environment, such as <environment>/bin/python."
        )
    # Its links are kept: an environment is known by the link in it.
    return Path(found).absolute()


def _environment(device: str, also: Sequence[str] = ()) -> dict[str, str]:
    """What the worker gets of ours; `cuda:<number>` is one of the GPUs that this process sees."""
    environment = passed_environment(also=also)
    kind, _, number = device.partition(":")
    if number:
        if kind != "cuda" or not number.isdecimal():
            raise InputError(
                f"No device {device}; there are auto, cpu, cuda, mps and cuda:<number>."
            )
        chosen, shown = int(number), environment.get("CUDA_VISIBLE_DEVICES")
        if shown is None:
            environment["CUDA_VISIBLE_DEVICES"] = str(chosen)
        else:
            visible = [at for at in shown.split(",") if at]
            if chosen >= len(visible):
                raise InputError(
                    f"There is no {device}: CUDA_VISIBLE_DEVICES shows {len(visible)} GPUs."
                )
            environment["CUDA_VISIBLE_DEVICES"] = visible[chosen]
    return environment
