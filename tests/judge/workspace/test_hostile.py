"""Files made to exhaust, mislead or crash a reader cost themselves only."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import docx
import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from judge.workspace import Artifact, ArtifactState, Limits, Workspace, isolation, reader_versions
from results.errors import JudgeError
from tests.judge.workspace.conftest import Read

VALID, BROKEN = ArtifactState.VALID, ArtifactState.BROKEN
UNREADABLE = ArtifactState.UNREADABLE


def member_bomb(size: int) -> bytes:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x", "w", force_zip64=True) as member,
    ):
        for _ in range(size >> 20):
            member.write(bytes(1 << 20))
    return file.getvalue()


def tar_bomb(size: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        entry = tarfile.TarInfo("x")
        entry.size = size
        with Path("/dev/zero").open("rb") as zeros:
            archive.addfile(entry, zeros)
    return file.getvalue()


def document_bomb(old: bytes, new: bytes) -> bytes:
    made = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("hi")
    document.save(made)
    file = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            content = source.read(name)
            if name == "word/document.xml":
                content = content.replace(old, new)
            out.writestr(name, content)
    return file.getvalue()


def gif_of(frames: int) -> bytes:
    file = io.BytesIO()
    Image.new("P", (100, 100), 1).save(file, "GIF")
    still = file.getvalue()
    at = still.index(b"\x2c")
    return still[:at] + (b"\x21\xf9\x04\0\1\0\0\0" + still[at:-1]) * frames + b";"


def chunk_bomb() -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as archive:
        archive.create_dataset("x", (10**12,), chunks=(1 << 20,), compression="gzip", dtype="f4")
    return file.getvalue()


def npy_header(shape: str) -> bytes:
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode()


BOMBS: dict[str, Callable[[], bytes]] = {
    "zip.zip": lambda: member_bomb(1 << 30),
    "tar.tar.gz": lambda: tar_bomb(600 << 20),
    "gz.gz": lambda: gzip.compress(bytes(600 << 20), 1),
    "array.npz": lambda: member_bomb(1 << 29),
    "text.docx": lambda: document_bomb(b"hi", b"a" * (200 << 20)),
    "paragraphs.docx": lambda: document_bomb(b"<w:body>", b"<w:body>" + b"<w:p/>" * 3_000_000),
    "frames.gif": lambda: gif_of(100_000),
    "nested.json": lambda: b"[" * 200_000 + b"]" * 200_000,
    "lists.json": lambda: b"[" + b"[]," * 5_000_000 + b"[]]",
    "number.json": lambda: b"9" * 4_000_000,
    "nested.yaml": lambda: b"[" * 50_000 + b"]" * 50_000,
    "aliases.yaml": lambda: "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 9)}]\n" for n in range(30)
    ).encode(),
    "merges.yaml": lambda: "".join(
        f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" if n else "a0: &a0 {k: v}\n"
        for n in range(12)
    ).encode(),
    "nested.xml": lambda: b"<a>" * 500_000 + b"</a>" * 500_000,
    "nested.html": lambda: b"<div>" * 300_000,
    "comments.html": lambda: b"<p>x</p><!--" * 500_000,
    "attributes.html": lambda: b"<a " + b"a=b " * 1_500_000,
    "field.csv": lambda: b'a,b\n"' + b"x" * (30 << 20),
    "quotes.csv": lambda: b"a,b\n" + b'"' * (15 << 20),
    "wide.csv": lambda: b"," * (15 << 20),
    "nested.ipynb": lambda: b'{"cells":' + b"[" * 100_000,
    "memo.pkl": lambda: b"\x80\x04]q\0" + b"(h\0h\0h\0e" * 60_000 + b".",
    "self.pkl": lambda: b"\x80\x04]q\0h\0a.",
    "marks.pkl": lambda: b"\x80\x04" + b"(" * 140_000 + b"t" * 140_000 + b".",
    "tuples.pkl": lambda: b"\x80\x04)" + b"\x85" * 250_000 + b".",
    "numbers.pkl": lambda: pickle.dumps(list(range(2_000_000))),
    "shape.npy": lambda: npy_header("(10**11,)") + bytes(99),
    "sides.npy": lambda: npy_header("(" + "9," * 30 + ")") + bytes(99),
    "chunks.h5": chunk_bomb,
    "random.h5": lambda: b"\x89HDF\r\n\x1a\n" + np.random.default_rng(3).bytes(200_000),
    "random.mp4": lambda: b"\0\0\0\x18ftypisom" + np.random.default_rng(4).bytes(200_000),
    "random.onnx": lambda: b"\x08\x07" + np.random.default_rng(5).bytes(200_000),
    "random.db": lambda: b"SQLite format 3\0" + np.random.default_rng(6).bytes(200_000),
}


def peak_of_children() -> int:
    """The most memory (bytes) that a waiting reader process ever held; Linux only."""
    pool = isolation._pool
    peaks = [0]
    for child in pool._idle if pool else ():
        for line in Path(f"/proc/{child.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                peaks.append(int(line.split()[1]) << 10)
    return max(peaks)


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_in_bounded_time_and_memory_as_facts(read: Read, name: str) -> None:
    content = BOMBS[name]()
    began = time.process_time()
    waited = time.monotonic()
    artifact = read(name, content)
    assert isinstance(artifact, Artifact)
    assert time.process_time() - began < 3  # of this process; the reader's own is limited to 2
    assert time.monotonic() - waited < 30
    assert peak_of_children() < 700 << 20
    assert len(artifact.text) <= Limits().max_text_chars
    assert "\n" not in artifact.summary()
    unharmed = {"zip.zip", "tar.tar.gz", "aliases.yaml", "merges.yaml", "nested.xml", "numbers.pkl"}
    if artifact.state is VALID:
        assert name in unharmed
        assert artifact.cuts or name == "merges.yaml"


def test_a_reader_that_takes_too_long_is_ended(read: Read) -> None:
    content = b"[" + b"[1,2,3],\n" * 400_000 + b"[]]"
    slow = read("a.json", content, Limits(max_read_seconds=0.05))
    assert slow.state is UNREADABLE
    assert slow.signs == ("reading it takes more than 0.05 seconds of computing",)
    assert read("a.json", "[1]").state is VALID  # the next file has a reader again


def test_a_reader_that_takes_too_much_memory_is_stopped(read: Read) -> None:
    content = b"[" + b"[1,2,3],\n" * 400_000 + b"[]]"
    large = read("a.json", content, Limits(max_read_memory=8 << 20))
    assert large.state is UNREADABLE
    assert large.signs == ("reading it takes more memory than is given to one file",)
    assert read("a.json", "[1]").state is VALID


def test_a_reader_that_crashes_costs_its_file_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, read: Read
) -> None:
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries" / "yaml.py").write_text(
        "import os\nSafeLoader = object\ndef load_all(*_, **__): os.abort()\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "libraries")
    monkeypatch.setattr(isolation, "_pool", None)
    crashed = read("a.yaml", "a: 1")
    assert crashed.state is BROKEN
    assert crashed.signs == ("its reader fails on it",)
    assert read("a.json", "[1]").state is VALID


def test_a_reader_that_is_ended_from_outside_is_asked_again(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    (tmp_path / "b.json").write_text("[" + "[1,2,3]," * 1_500_000 + "[]]")
    workspace = Workspace.open(tmp_path, Limits(max_read_seconds=20))
    assert workspace.artifact("a.json").is_valid
    found: list[Artifact] = []
    reading = threading.Thread(target=lambda: found.append(workspace.artifact("b.json")))
    pool = isolation._pool
    assert pool is not None
    child = pool._idle[-1]
    reading.start()
    # Readers that earlier tests left idle stay so: only this one is waited for.
    latest = time.monotonic() + 30
    while child in pool._idle:
        assert time.monotonic() < latest
        time.sleep(0.001)
    os.kill(child.process.pid, signal.SIGSEGV)
    reading.join(60)
    assert found[0].is_valid, found[0].summary()


def test_readers_see_no_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    environment = isolation._environment()
    assert "sk-secret" not in environment.values()
    assert "PATH" in environment


def test_a_reader_whose_library_is_missing_is_no_fault_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, read: Read
) -> None:
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries" / "pypdf.py").write_text("raise ImportError('broken install')")
    monkeypatch.syspath_prepend(tmp_path / "libraries")
    monkeypatch.setattr(isolation, "_pool", None)
    with pytest.raises(JudgeError, match="broken install"):
        read("a.pdf", b"%PDF-1.4\n%%EOF")


def test_many_threads_read_at_once(tmp_path: Path) -> None:
    for number in range(24):
        (tmp_path / f"{number}.json").write_text(f'{{"n": {number}}}')
    workspace = Workspace.open(tmp_path)
    found: dict[str, Artifact] = {}

    def reading(part: int) -> None:
        for entry in workspace.files[part::6]:
            found[entry.path] = workspace.artifact(entry.path)

    threads = [threading.Thread(target=reading, args=(part,)) for part in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 24
    assert all(f'"n": {path[:-5]}' in artifact.text for path, artifact in found.items())


def test_a_program_that_forks_reads_in_both_processes(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"n": 1}')
    code = f"""
import os
from judge.workspace import Workspace
w = Workspace.open({str(tmp_path)!r})
assert w.artifact("a.json").is_valid
child = os.fork()
again = Workspace.open({str(tmp_path)!r}).artifact("a.json").is_valid
if child == 0:
    os._exit(0 if again else 1)
assert again and os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


def test_readers_end_with_the_program(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    code = f"""
import os, signal
from judge.workspace import Workspace, isolation
assert Workspace.open({str(tmp_path)!r}).artifact("a.json").is_valid
print(isolation._pool._idle[0].process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    pid = int(done.stdout)
    for _ in range(100):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.1)
    pytest.fail("the reader outlives the program")


def test_summaries_are_one_printable_line(read: Read) -> None:
    artifact = read("t.csv", '"a\nb\x1b[31m","c\u202e"\n1,2\n')
    assert artifact.summary().isprintable()


def test_versions_of_the_readers_are_told() -> None:
    versions = reader_versions()
    assert {"av", "h5py", "pillow", "pypdf", "numpy", "sqlite", "openpyxl"} <= set(versions)
    assert all(version[:1].isdigit() for version in versions.values())


SEEDS: dict[str, Callable[[], bytes]] = {
    "a.png": lambda: _saved("PNG"),
    "a.gif": lambda: _saved("GIF"),
    "a.zip": lambda: member_bomb(1 << 20),
    "a.npy": lambda: npy_header("(3,)") + bytes(range(24)),
    "a.pkl": lambda: pickle.dumps({"a": np.arange(9.0), "b": ["x", 1]}),
    "a.docx": lambda: document_bomb(b"none", b"none"),
    "a.h5": chunk_bomb,
    "a.json": lambda: b'{"a": [1, 2, {"b": null}], "c": "text"}',
    "a.csv": lambda: b"a,b\n1,2\n3,4\n",
    "a.ipynb": lambda: b'{"cells": [{"cell_type": "code", "source": "x = 1", "outputs": []}]}',
}


@cache
def seed(name: str) -> bytes:
    return SEEDS[name]()


def _saved(format: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((20, 20), 40).save(file, format)
    return file.getvalue()


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(SEEDS)),
    cut=st.floats(0, 1),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
)
def test_damaged_files_of_every_kind_become_facts(
    read: Read, name: str, cut: float, changes: list[tuple[float, int]]
) -> None:
    content = bytearray(seed(name))
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    artifact = read(name, bytes(content[: int(len(content) * cut)]))
    assert artifact.summary().isprintable()
    if cut < 0.9 and name in ("a.png", "a.gif", "a.zip", "a.npy", "a.pkl", "a.docx"):
        assert not artifact.is_valid, artifact.summary()
