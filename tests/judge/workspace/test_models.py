"""Arrays, pickles and model files: their structure is told, and nothing in them is ever loaded."""

from __future__ import annotations

import bz2
import collections
import gzip
import io
import json
import lzma
import pickle
import struct
import sys
import types
import zipfile
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.workspace import ArtifactState
from judge.workspace.artifact import Damaged
from judge.workspace.pickle_machine import Machine
from judge.workspace.pickle_tape import Tape
from tests.judge.workspace.conftest import Read

VALID, BROKEN = ArtifactState.VALID, ArtifactState.BROKEN
EMPTY, PLACEHOLDER = ArtifactState.EMPTY, ArtifactState.PLACEHOLDER
UNREADABLE = ArtifactState.UNREADABLE
RNG = np.random.default_rng(7)


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=True, **arrays)
    return file.getvalue()


def test_npy_facts(read: Read) -> None:
    artifact = read("a.npy", npy(np.array([[1.5, np.nan], [3.0, -2.0]])))
    assert artifact.state is VALID
    assert artifact.facts["shape"] == [2, 2]
    assert artifact.facts["dtype"] == "float64"
    assert (artifact.facts["minimum"], artifact.facts["maximum"]) == (-2.0, 3.0)
    assert artifact.facts["nan_share"] == 0.25


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (npy(np.zeros((0, 3))), EMPTY),
        (npy(np.zeros(100)), PLACEHOLDER),
        (npy(np.full(9, np.nan)), PLACEHOLDER),
        (npy(np.ones(5)), VALID),
        (npy(np.array(0.0)), VALID),
        (npy(np.array(["a", "b"])), VALID),
        (npy(np.arange(100))[:-8], BROKEN),
        (npy(np.arange(100))[:30], BROKEN),
        (b"\x93NUMPY\1\0\xff\xff" + b"x" * 50, BROKEN),
        (b"1 2 3", BROKEN),
    ],
)
def test_states_of_npy(read: Read, content: bytes, state: ArtifactState) -> None:
    assert read("a.npy", content).state is state


def test_npz_facts_and_states(read: Read) -> None:
    whole = npz(x=RNG.random((40, 30)), y=np.arange(3))
    artifact = read("a.npz", whole)
    assert artifact.state is VALID
    assert artifact.facts["members"] == ["x", "y"]
    assert artifact.facts["parameters"] == 1203
    assert artifact.facts["arrays"] == ["x float64 [40, 30]", "y int64 [3]"]
    assert read("a.npz", npz(x=np.zeros(9))).state is PLACEHOLDER
    assert read("a.npz", npz()).state is EMPTY
    assert read("a.npz", whole[:-40]).state is BROKEN
    at = len(whole) // 3
    assert read("a.npz", whole[:at] + b"\1\2\3\4" + whole[at + 4 :]).state is BROKEN


class Trap:
    """Unpickled, it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def traps(path: Path) -> dict[str, bytes]:
    """A pickle that would write a file, in every form that a reader may meet."""
    plain = pickle.dumps({"weights": np.arange(5.0), "trap": Trap(path)})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("model/data.pkl", plain)
    objects = np.array([Trap(path)], dtype=object)
    parts: list[Any] = [0x1950A86A20F9469CFC6C, 1001, {}, Trap(path), []]
    legacy = b"".join(pickle.dumps(part, 2) for part in parts)
    return {
        "a.pkl": plain,
        "b.pickle": pickle.dumps(Trap(path), 0),
        "c.joblib": zlib.compress(plain),
        "d.joblib": gzip.compress(plain),
        "e.joblib": bz2.compress(plain),
        "f.joblib": lzma.compress(plain),
        "g.pt": plain,
        "h.pth": archive.getvalue(),
        "i.ckpt": legacy,
        "j.npy": npy(objects),
        "k.npz": npz(a=objects),
        "l.bin": plain,
        "m.model": plain,
    }


def test_nothing_is_ever_unpickled(read: Read, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    forms = traps(sprung)
    for name, content in forms.items():
        read(name, content)
        assert not sprung.exists(), name
    # The trap works: loaded the usual way, it does write the file.
    pickle.loads(forms["a.pkl"])  # noqa: S301
    assert sprung.exists()


def test_object_arrays_are_a_fact(read: Read) -> None:
    for name, content in (
        ("a.npy", npy(np.array([{}], dtype=object))),
        ("a.npz", npz(a=np.array([{}], dtype=object))),
    ):
        artifact = read(name, content)
        assert artifact.facts["objects"] is True
        assert any("not loaded" in cut for cut in artifact.cuts)


class Net:
    """A class of a program's own."""

    def __init__(self, **state: Any) -> None:
        self.__dict__.update(state)


@pytest.mark.parametrize("protocol", range(6))
def test_pickled_objects_tell_class_attributes_and_arrays(read: Read, protocol: int) -> None:
    weights = RNG.random((3, 4))
    net = Net(weights=weights, bias=np.arange(4), rate=0.5, layers=[Net(inner=weights)])
    artifact = read("net.pkl", pickle.dumps(net, protocol))
    assert artifact.state is VALID
    assert artifact.facts["class"] == f"{Net.__module__}.Net"
    assert artifact.facts["attributes"] == ["weights", "bias", "rate", "layers"]
    assert "weights f8 [3, 4]" in artifact.facts["arrays"]
    assert "bias i8 [4]" in artifact.facts["arrays"]
    assert artifact.facts["parameters"] == 16  # the shared array counts once


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (None, PLACEHOLDER),
        (True, PLACEHOLDER),
        ({}, PLACEHOLDER),
        ([], PLACEHOLDER),
        ("", PLACEHOLDER),
        ("placeholder", PLACEHOLDER),
        ("a trained model with great accuracy", PLACEHOLDER),
        (["random", "forest", "model"], PLACEHOLDER),
        ({"model": "SVC", "status": "trained"}, PLACEHOLDER),
        (Net(), PLACEHOLDER),
        (Net, PLACEHOLDER),
        (len, PLACEHOLDER),
        (np.zeros((5, 5)), PLACEHOLDER),
        ({"q": np.zeros(8), "v": np.zeros(2)}, PLACEHOLDER),
        ([f"word{n}" for n in range(500)], VALID),
        ({"the": 0, "cat": 1}, VALID),
        (0.93, VALID),
        ({(0, 1): 0.5, (1, 0): -1.2}, VALID),
        (np.arange(3), VALID),
        (np.float64(0.5), VALID),
        (collections.OrderedDict(a=np.ones(3)), VALID),
        (collections.Counter("hello"), VALID),
        (Net(mean=0.5), VALID),
    ],
)
def test_states_of_pickles(read: Read, value: object, state: ArtifactState) -> None:
    artifact = read("a.pkl", pickle.dumps(value))
    assert artifact.state is state, artifact.summary()


def test_cut_and_false_pickles_are_broken(read: Read) -> None:
    whole = pickle.dumps({"a": RNG.random(200), "b": [1, 2, 3]})
    for share in (0.1, 0.5, 0.99):
        assert read("a.pkl", whole[: int(len(whole) * share)]).state is BROKEN
    assert read("a.pkl", "this is the trained model").state is BROKEN
    assert read("a.joblib", "joblib").state is BROKEN
    assert read("a.joblib", zlib.compress(whole)[:-9]).state is BROKEN
    assert read("a.pkl", b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60)).state is BROKEN


SVC = type("SVC", (Net,), {"__module__": "sklearn.svm._classes"})


def estimator(**state: Any) -> Any:
    return SVC(C=1.0, kernel="rbf", _sklearn_version="1.5.0", **state)


def test_a_fitted_estimator_is_told_from_one_that_learned_nothing(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sklearn", "sklearn.svm", "sklearn.svm._classes"):
        module = types.ModuleType(name)
        module.SVC = SVC  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
    fitted = read("a.pkl", pickle.dumps(estimator(coef_=RNG.random((1, 4)), classes_=np.arange(2))))
    assert fitted.state is VALID
    assert fitted.facts["class"] == "sklearn.svm._classes.SVC"
    assert fitted.facts["fitted"] == ["coef_", "classes_"]
    bare = read("a.pkl", pickle.dumps(estimator()))
    assert bare.state is PLACEHOLDER
    assert bare.signs == ("an estimator without anything learned",)
    steps = read("a.pkl", pickle.dumps(estimator(steps=[("svc", estimator())])))
    assert steps.state is PLACEHOLDER


class NumpyArrayWrapper:
    """Stands for joblib's record of an array, which it writes before the raw elements."""

    def __init__(self, array: Any) -> None:
        self.subclass = np.ndarray
        self.shape = array.shape
        self.order = "C"
        self.dtype = array.dtype
        self.allow_mmap = True
        self.numpy_array_alignment_bytes = 16


def joblib_dump(monkeypatch: pytest.MonkeyPatch, value: dict[str, Any]) -> bytes:
    """What joblib.dump writes (joblib/numpy_pickle.py, `NumpyPickler.save`): behind the record of
    an array come the length of the padding, the padding and the elements."""
    module = types.ModuleType("joblib.numpy_pickle")
    module.NumpyArrayWrapper = NumpyArrayWrapper  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "joblib", types.ModuleType("joblib"))
    monkeypatch.setitem(sys.modules, "joblib.numpy_pickle", module)
    monkeypatch.setattr(NumpyArrayWrapper, "__module__", "joblib.numpy_pickle")
    file = io.BytesIO()

    python_pickler: Any = pickle._Pickler

    class Pickler(python_pickler):  # type: ignore[misc]
        def save(self, value: Any, *rest: Any, **more: Any) -> None:
            if not isinstance(value, np.ndarray):
                super().save(value, *rest, **more)
                return
            super().save(NumpyArrayWrapper(value), *rest, **more)
            padding = 16 - (file.tell() + 1) % 16
            file.write(bytes([padding]) + b"\xff" * padding + value.tobytes())

    pickler = Pickler(file, 3)
    pickler.dump(value)
    return file.getvalue()


def test_joblib_arrays_between_the_opcodes_are_stepped_over(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = {"coef": RNG.random((5, 7)), "name": "ridge", "classes": np.arange(4, dtype="<i2")}
    whole = joblib_dump(monkeypatch, value)
    forms = [whole, zlib.compress(whole), gzip.compress(whole), bz2.compress(whole)]
    forms += [lzma.compress(whole), lzma.compress(whole, format=lzma.FORMAT_ALONE)]
    for content in forms:
        artifact = read("m.joblib", content)
        assert artifact.state is VALID, artifact.summary()
        assert artifact.facts["keys"] == ["coef", "name", "classes"]
        assert artifact.facts["arrays"] == ["coef f8 [5, 7]", "classes i2 [4]"]
    assert read("m.joblib", whole[:-10]).state is BROKEN
    zeros = joblib_dump(monkeypatch, {"coef": np.zeros((5, 7))})
    assert read("m.joblib", zeros).state is PLACEHOLDER


def test_lz4_is_not_read(read: Read) -> None:
    assert read("m.joblib", b"\x04\x22\x4d\x18" + b"\1" * 60).state is UNREADABLE


@given(st.binary(max_size=300))
def test_any_bytes_end_as_a_pickle_or_as_damage(content: bytes) -> None:
    try:
        Machine(Tape(io.BytesIO(content))).run()
    except Damaged:
        return


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(json_values, st.integers(0, 5))
def test_plain_values_come_out_as_they_went_in(value: Any, protocol: int) -> None:
    assert Machine(Tape(io.BytesIO(pickle.dumps(value, protocol)))).run() == value


class Storage:
    def __init__(self, key: str, array: Any) -> None:
        self.key = key
        self.array = array


def _rebuild_tensor_v2(*arguments: Any) -> None:
    """Stands for torch._utils._rebuild_tensor_v2."""


class FloatStorage:
    """Stands for torch.FloatStorage."""


class Tensor:
    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def __reduce__(self) -> tuple[Any, ...]:
        shape = self.storage.array.shape
        stride = tuple(s // 4 for s in self.storage.array.strides)
        hooks: Any = collections.OrderedDict()
        return _rebuild_tensor_v2, (self.storage, 0, shape, stride, False, hooks)


class TorchPickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, Storage):
            return ("storage", FloatStorage, value.key, "cpu", value.array.size)
        return None


def torch_pickle(monkeypatch: pytest.MonkeyPatch, value: Any) -> bytes:
    for name, held in (("torch", FloatStorage), ("torch._utils", _rebuild_tensor_v2)):
        module = types.ModuleType(name)
        setattr(module, held.__name__, held)
        monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setattr(held, "__module__", name)
    file = io.BytesIO()
    TorchPickler(file, 2).dump(value)
    return file.getvalue()


def state(**arrays: Any) -> tuple[Any, list[Storage]]:
    stored = [Storage(str(n), np.asarray(a, "float32")) for n, a in enumerate(arrays.values())]
    tensors = [Tensor(storage) for storage in stored]
    return collections.OrderedDict(zip(arrays, tensors, strict=True)), stored


def torch_zip(monkeypatch: pytest.MonkeyPatch, value: Any, stored: list[Storage]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/data.pkl", torch_pickle(monkeypatch, value))
        archive.writestr("net/byteorder", "little")
        for storage in stored:
            archive.writestr(f"net/data/{storage.key}", storage.array.tobytes())
        archive.writestr("net/version", "3\n")
    return file.getvalue()


def torch_legacy(monkeypatch: pytest.MonkeyPatch, value: Any, stored: list[Storage]) -> bytes:
    parts: list[Any] = [0x1950A86A20F9469CFC6C, 1001, {"little": True}]
    head = [pickle.dumps(part, 2) for part in parts]
    body = torch_pickle(monkeypatch, value)
    keys = pickle.dumps([storage.key for storage in stored], 2)
    data = [struct.pack("<q", s.array.size) + s.array.tobytes() for s in stored]
    return b"".join([*head, body, keys, *data])


@pytest.mark.parametrize("form", [torch_zip, torch_legacy])
def test_torch_files_tell_tensors_by_name(
    read: Read, monkeypatch: pytest.MonkeyPatch, form: Any
) -> None:
    value, stored = state(**{"fc.weight": RNG.random((10, 4)), "fc.bias": RNG.random(10)})
    whole = form(monkeypatch, {"epoch": 3, "state_dict": value}, stored)
    artifact = read("net.pt", whole)
    assert artifact.state is VALID, artifact.summary()
    assert artifact.facts["keys"] == ["epoch", "state_dict"]
    assert artifact.facts["tensor_names"] == ["state_dict.fc.weight", "state_dict.fc.bias"]
    assert artifact.facts["parameters"] == 50
    assert artifact.facts["shapes"][0] == "state_dict.fc.weight [10, 4]"
    for name in ("net.pth", "net.ckpt", "net.bin", "net.model", "net.pkl"):
        assert read(name, whole).facts["parameters"] == 50, name
    for share in (0.2, 0.6, 0.98):
        assert read("net.pt", whole[: int(len(whole) * share)]).state is BROKEN
    zeros, empty = state(w=np.zeros((3, 3)))
    assert read("net.pt", form(monkeypatch, zeros, empty)).state is PLACEHOLDER
    assert read("net.pt", form(monkeypatch, collections.OrderedDict(), [])).state is PLACEHOLDER
    assert read("net.pt", form(monkeypatch, {"note": "weights"}, [])).state is PLACEHOLDER


def test_a_torch_file_without_its_storages_is_broken(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, stored = state(a=RNG.random(8), b=RNG.random(9))
    artifact = read("net.pt", torch_zip(monkeypatch, value, stored[:1]))
    assert artifact.state is BROKEN
    assert artifact.signs == ("1 of its 2 storages are missing or cut",)
    stored[1].array = stored[1].array[:4]
    whole = torch_zip(monkeypatch, value, [stored[0]])
    assert read("net.pt", whole).state is BROKEN


@pytest.mark.parametrize("name", ["m.pt", "m.pth", "m.safetensors", "m.onnx", "m.h5", "m.keras"])
@pytest.mark.parametrize("content", [b"trained model", b"0.1 0.2 0.3 0.4", b"\x01\x02\xff" * 70])
def test_bytes_that_are_no_model_are_broken(read: Read, name: str, content: bytes) -> None:
    assert read(name, content).state is BROKEN


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"svm_type c_svc\nnr_class 2\nrho 0.5\nSV\n1 1:0.5 2:0.3\n", VALID),
        (b"3 2\ncat 0.1 0.2\ndog 0.3 0.4\n", VALID),
        (b"a great model", BROKEN),
        (b"", EMPTY),
        (b" \n", EMPTY),
    ],
)
def test_models_written_as_text_bear_numbers(
    read: Read, content: bytes, state: ArtifactState
) -> None:
    assert read("m.model", content).state is state


def safetensors(header: dict[str, Any], data: bytes) -> bytes:
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


def entry(shape: list[int], begin: int, end: int) -> dict[str, Any]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (safetensors({"w": entry([2, 3], 0, 24)}, RNG.bytes(24)), VALID),
        (safetensors({"w": entry([2, 3], 0, 24)}, bytes(24)), PLACEHOLDER),
        (safetensors({"__metadata__": {"a": "b"}}, b""), PLACEHOLDER),
        (safetensors({"w": entry([2, 3], 0, 24)}, RNG.bytes(20)), BROKEN),
        (safetensors({"w": entry([9, 9], 0, 24)}, RNG.bytes(24)), BROKEN),
        (struct.pack("<Q", 1 << 62) + b"{}", BROKEN),
        (struct.pack("<Q", 9) + b"{not json", BROKEN),
        (b"\x08", BROKEN),
    ],
)
def test_states_of_safetensors(read: Read, content: bytes, state: ArtifactState) -> None:
    artifact = read("m.safetensors", content)
    assert artifact.state is state, artifact.summary()


def test_safetensors_facts(read: Read) -> None:
    facts = read("m.safetensors", safetensors({"w": entry([2, 3], 0, 24)}, RNG.bytes(24))).facts
    assert (facts["tensors"], facts["parameters"], facts["tensor_names"]) == (1, 6, ["w"])


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def onnx(data: bytes, sides: tuple[int, ...] = (2, 3), nodes: int = 2) -> bytes:
    """A model by onnx.proto: ir_version, producer, graph of nodes, an initialiser and its ends."""
    tensor = b"".join(field(1, side) for side in sides) + field(2, 1) + field(8, b"w")
    graph = b"".join(field(1, field(1, b"x") + field(4, b"MatMul")) for _ in range(nodes))
    graph += field(5, tensor + field(9, data))
    graph += field(11, field(1, b"input")) + field(12, field(1, b"output"))
    return field(1, 9) + field(2, b"maker") + field(7, graph)


def test_onnx_facts_and_states(read: Read) -> None:
    whole = onnx(RNG.bytes(24))
    artifact = read("m.onnx", whole)
    assert artifact.state is VALID
    assert artifact.facts["nodes"] == 2
    assert artifact.facts["operators"] == {"MatMul": 2}
    assert (artifact.facts["tensors"], artifact.facts["parameters"]) == (1, 6)
    assert (artifact.facts["inputs"], artifact.facts["outputs"]) == (["input"], ["output"])
    assert artifact.facts["producer"] == "maker"
    assert read("m.onnx", onnx(bytes(24))).state is PLACEHOLDER
    assert read("m.onnx", onnx(RNG.bytes(24), nodes=0)).state is PLACEHOLDER
    assert read("m.onnx", onnx(RNG.bytes(20))).state is BROKEN
    for share in (0.3, 0.7, 0.95):
        assert read("m.onnx", whole[: int(len(whole) * share)]).state is BROKEN


def hdf5(folder: Path, config: dict[str, Any] | None = None, **data: Any) -> bytes:
    path = folder / "made.h5"
    with h5py.File(path, "w") as file:
        for name, values in data.items():
            file[name.replace("__", "/")] = values
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
    return path.read_bytes()


LAYERS = {"config": {"layers": [{"class_name": "Dense"}, {"class_name": "Dropout"}]}}


def test_hdf5_facts_and_states(read: Read, tmp_path: Path) -> None:
    whole = hdf5(tmp_path, LAYERS, dense__kernel=RNG.random((300, 20)), dense__bias=np.zeros(20))
    artifact = read("m.h5", whole)
    assert artifact.state is VALID
    assert artifact.facts["layers"] == ["Dense", "Dropout"]
    assert artifact.facts["tensor_names"] == ["dense/bias", "dense/kernel"]
    assert artifact.facts["parameters"] == 6020
    assert read("m.h5", hdf5(tmp_path, dense__kernel=np.zeros((30, 20)))).state is PLACEHOLDER
    assert read("m.h5", hdf5(tmp_path, LAYERS)).state is PLACEHOLDER
    assert read("m.h5", whole[: len(whole) // 2]).state is BROKEN


def test_hdf5_links_and_elements_outside_are_not_followed(read: Read, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"SECRETSECRET")
    path = tmp_path / "made.h5"
    with h5py.File(path, "w") as file:
        file["link"] = h5py.ExternalLink(str(secret), "/")
        file.create_dataset("x", (12,), dtype="u1", external=[(str(secret), 0, 12)])
    artifact = read("m.h5", path.read_bytes())
    assert artifact.state is UNREADABLE
    assert artifact.signs == ("its elements are kept in other files",)
    assert "SECRET" not in artifact.text


def test_keras_facts_and_states(read: Read, tmp_path: Path) -> None:
    def keras(weights: bytes) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("config.json", json.dumps(LAYERS))
            archive.writestr("model.weights.h5", weights)
        return file.getvalue()

    artifact = read("m.keras", keras(hdf5(tmp_path, layers__0=RNG.random(7))))
    assert (artifact.state, artifact.format) == (VALID, "keras")
    assert artifact.facts["layers"] == ["Dense", "Dropout"]
    assert artifact.facts["parameters"] == 7
    assert read("m.keras", keras(hdf5(tmp_path))).state is PLACEHOLDER
    assert read("m.keras", keras(b"no weights")).state is BROKEN


def test_gguf_states(read: Read) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 2, 5)
    assert read("m.gguf", head + b"\1" * 200).state is VALID
    assert read("m.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 0)).state is PLACEHOLDER
    assert read("m.gguf", head).state is BROKEN
    assert read("m.gguf", b"GGUF").state is BROKEN
