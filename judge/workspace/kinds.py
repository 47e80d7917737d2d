"""What a file is: by its first bytes where they tell, by its name otherwise."""

from __future__ import annotations

from posixpath import basename

# extension -> (kind, format)
BY_EXTENSION: dict[str, tuple[str, str]] = {}
for _kind, _listed in {
    "code": "py js jsx mjs cjs ts tsx java go rs c h cc cpp cxx hpp hh sh bash css sql r jl rb php "
    "kt swift scala ipy",
    "text": "txt log cfg ini env rst tex bib out err gitignore dockerfile",
    "markdown": "md markdown",
    "html": "html htm",
    "notebook": "ipynb",
    "table": "csv tsv parquet",
    "data": "json jsonl ndjson yaml yml toml xml",
    "document": "pdf docx pptx xlsx",
    "image": "png jpg jpeg bmp tif tiff webp svg",
    "animation": "gif",
    "video": "mp4 avi mov webm mkv",
    "audio": "wav mp3 flac ogg m4a",
    "array": "npy npz",
    "model": "pt pth ckpt safetensors onnx h5 hdf5 keras bin model tflite gguf",
    "pickle": "pkl pickle joblib",
    "database": "db sqlite sqlite3",
    "archive": "zip tar gz tgz bz2 xz 7z",
}.items():
    for _extension in _listed.split():
        BY_EXTENSION[_extension] = (_kind, _extension)
for _alias, _format in {
    "jpg": "jpeg",
    "tif": "tiff",
    "yml": "yaml",
    "htm": "html",
    "ndjson": "jsonl",
    "pt": "torch",
    "pth": "torch",
    "ckpt": "torch",
    "h5": "hdf5",
    "keras": "keras",
    "pkl": "pickle",
    "pickle": "pickle",
    "joblib": "pickle",
    "db": "sqlite",
    "sqlite3": "sqlite",
    "tgz": "gz",
    "mov": "mp4",
    "m4a": "mp4",
    "mkv": "webm",
}.items():
    BY_EXTENSION[_alias] = (BY_EXTENSION[_alias][0], _format)

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"%PDF-", "pdf"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x93NUMPY", "npy"),
    (b"SQLite format 3\0", "sqlite"),
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"\x1a\x45\xdf\xa3", "webm"),
    (b"GGUF", "gguf"),
)
# Formats whose files are zip archives inside, or that have no signature of their own.
_ZIPPED = {"docx", "pptx", "xlsx", "npz", "torch", "keras", "zip", "pickle", "model", "bin"}


def extension(path: str) -> str:
    name = basename(path).lower()
    if "." not in name.lstrip("."):
        return name.lstrip(".") if name in ("dockerfile", ".gitignore", ".env") else ""
    return name.rsplit(".", 1)[-1]


def signature(head: bytes) -> str | None:
    """The format that the first bytes tell; None when they tell none."""
    for mark, name in _SIGNATURES:
        if head.startswith(mark):
            # "BM" alone opens many a text; a bitmap says its own size next.
            if name == "bmp" and (len(head) < 14 or head[6:10] != b"\0\0\0\0"):
                continue
            return name
    if head[:4] == b"RIFF" and len(head) >= 12:
        return {b"WAVE": "wav", b"AVI ": "avi", b"WEBP": "webp"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[257:262] == b"ustar":
        return "tar"
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0:
        return "mp3"
    if head[:1] == b"\x80" and len(head) > 1 and head[1] in (2, 3, 4, 5):
        return "pickle"
    return None


def kind_of(path: str, head: bytes) -> tuple[str, str, bool]:
    """(kind, format, whether the name agrees with the bytes)."""
    named = BY_EXTENSION.get(extension(path))
    seen = signature(head)
    if seen is None:
        return (*(named or ("", "")), True)
    if named is None:
        return (*BY_EXTENSION.get(seen, ("binary", seen)), True)
    kind, wanted = named
    agrees = (
        seen == wanted
        or (seen == "zip" and wanted in _ZIPPED)
        or (seen in ("gz", "zip") and kind in ("archive", "pickle", "model"))
        or (seen == "pickle" and kind in ("model", "pickle"))
        or (seen == "hdf5" and kind == "model")
        or (seen in ("bz2", "xz", "tar", "7z") and kind in ("archive", "model"))
        or (kind in ("image", "animation") and BY_EXTENSION[seen][0] in ("image", "animation"))
        or (kind in ("video", "audio") and BY_EXTENSION[seen][0] in ("video", "audio"))
    )
    if agrees:
        if kind in ("model", "pickle") or seen in ("zip", "gz"):
            return kind, wanted, True
        # A gif named .png is a picture all the same.
        return *BY_EXTENSION.get(seen, ("binary", seen)), True
    return (*BY_EXTENSION.get(seen, ("binary", seen)), False)
