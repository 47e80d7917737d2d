"""What a file is: by its first bytes where they tell, by its name otherwise."""

from __future__ import annotations

from posixpath import basename
from typing import NamedTuple

# extension -> (kind, format)
BY_EXTENSION: dict[str, tuple[str, str]] = {}
for _kind, _listed in {
    "code": "py js jsx mjs cjs ts tsx java go rs c h cc cpp cxx hpp hh sh bash css scss sql r jl rb"
    " php kt swift scala ipy vue svelte lua pl m",
    "text": "txt log cfg ini env rst tex bib out err gitignore dockerfile properties conf",
    "markdown": "md markdown",
    "html": "html htm xhtml",
    "notebook": "ipynb",
    "table": "csv tsv parquet",
    "data": "json geojson jsonl ndjson yaml yml toml xml",
    "document": "pdf docx pptx xlsx doc ppt xls odt ods odp rtf",
    "image": "png jpg jpeg bmp tif tiff webp svg ico ppm pgm pbm",
    "animation": "gif",
    "video": "mp4 m4v avi mov webm mkv mpg mpeg",
    "audio": "wav mp3 flac ogg m4a aac",
    "array": "npy npz",
    "model": "pt pth ckpt safetensors onnx h5 hdf5 keras bin model tflite gguf pb",
    "pickle": "pkl pickle joblib",
    "database": "db sqlite sqlite3",
    "archive": "zip tar gz tgz bz2 xz 7z rar jar whl",
}.items():
    for _extension in _listed.split():
        BY_EXTENSION[_extension] = (_kind, _extension)
for _alias, _format in {
    "jpg": "jpeg",
    "tif": "tiff",
    "pgm": "ppm",
    "pbm": "ppm",
    "yml": "yaml",
    "htm": "html",
    "xhtml": "html",
    "geojson": "json",
    "ndjson": "jsonl",
    "pt": "torch",
    "pth": "torch",
    "ckpt": "torch",
    "h5": "hdf5",
    "pkl": "pickle",
    "joblib": "pickle",
    "db": "sqlite",
    "sqlite3": "sqlite",
    "tgz": "gz",
    "jar": "zip",
    "whl": "zip",
    "m4v": "mp4",
    "mov": "mp4",
    "m4a": "mp4",
    "mkv": "webm",
    "mpeg": "mpg",
}.items():
    BY_EXTENSION[_alias] = (BY_EXTENSION[_alias][0], _format)

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"\0\0\1\0", "ico"),
    (b"%PDF-", "pdf"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x93NUMPY", "npy"),
    (b"SQLite format 3\0", "sqlite"),
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gz"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"\x1a\x45\xdf\xa3", "webm"),
    (b"\0\0\1\xba", "mpg"),
    (b"GGUF", "gguf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
)
# Formats that are zip archives inside.
_ZIPPED = frozenset("docx pptx xlsx odt ods odp npz torch keras zip pickle model bin".split())
_PICTURES = frozenset({"image", "animation"})
_MEDIA = frozenset({"video", "audio"})


class Kind(NamedTuple):
    """What a file is for, how it is written, and whether its name agrees with its bytes."""

    kind: str
    format: str
    agrees: bool = True


def extension(path: str) -> str:
    """The lower-case extension without its dot; "" where there is none."""
    name = basename(path).lower()
    if "." not in name.lstrip("."):
        return name.lstrip(".") if name in ("dockerfile", ".gitignore", ".env") else ""
    return name.rsplit(".", 1)[-1]


def named_kind(path: str) -> Kind:
    """What the name alone promises; the kind "" where it promises nothing."""
    return Kind(*BY_EXTENSION.get(extension(path), ("", "")))


def signature(head: bytes) -> str | None:
    """The format that the first bytes tell; None when they tell none."""
    for mark, name in _SIGNATURES:
        if head.startswith(mark):
            return name
    # Marks that are letters open many a text as well: what follows them has to fit.
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "bmp"
    if head[:3] == b"BZh" and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bz2"
    if head[:3] == b"ID3" and len(head) > 3 and head[3] < 10:
        return "mp3"
    if head[:1] == b"P" and head[1:2] in b"456" and head[2:3] in (b"\n", b" "):
        return "ppm"
    if head[:4] == b"RIFF" and len(head) >= 12:
        return {b"WAVE": "wav", b"AVI ": "avi", b"WEBP": "webp"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[257:262] == b"ustar":
        return "tar"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return "mp3"  # a frame of MPEG audio, layer III
    if len(head) > 1 and head[0] == 0x80 and head[1] in (2, 3, 4, 5):
        return "pickle"
    return None


def kind_of(path: str, head: bytes) -> Kind:
    """The kind of a file by its name and its first 600 bytes."""
    named = named_kind(path)
    seen = signature(head)
    if seen is None:
        return named
    told = BY_EXTENSION.get(seen, ("document" if seen == "ole" else "binary", seen))
    if not named.kind:
        return Kind(*told)
    if not _is_harmless(named, told, seen):
        return Kind(*told, agrees=False)
    if named.kind in ("model", "pickle", "document", "array", "archive"):
        return named
    return Kind(*told)  # a gif named .png is a picture all the same


def _is_harmless(named: Kind, told: tuple[str, str], seen: str) -> bool:
    kind, wanted = named.kind, named.format
    return (
        seen == wanted
        or (seen == "zip" and wanted in _ZIPPED)
        or (seen == "ole" and kind == "document" and wanted not in ("pdf", "rtf"))
        or (kind in ("model", "pickle") and seen in ("pickle", "hdf5", "gz", "bz2", "xz"))
        or (kind == "archive" and told[0] == "archive")
        or (kind in _PICTURES and told[0] in _PICTURES and wanted != "svg")
        or (kind in _MEDIA and told[0] in _MEDIA)
    )
