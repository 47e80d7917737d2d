"""The places a requirement names: source files, artifacts, folders, inputs, repositories."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import basename

SOURCE = frozenset("py js jsx mjs cjs ts tsx java go rs c h cc cpp cxx hpp hh sh bash css".split())
ARTIFACT = frozenset(
    "txt md csv tsv json jsonl xml yaml yml toml html htm pdf docx pptx xlsx png jpg jpeg gif bmp "
    "svg tif tiff webp mp4 avi mov webm mkv wav mp3 flac ogg npy npz pt pth ckpt h5 hdf5 keras "
    "onnx safetensors pkl pickle joblib model bin db sqlite sqlite3 parquet zip tar gz ipynb log "
    "rst tex ini cfg".split()
)

_SPAN = re.compile(r"`([^`\n]+)`|\"([^\"\n]+)\"|“([^”\n]+)”|(?<![\w])'([^'\s][^'\n]*)'(?!\w)")
_BARE_PATH = re.compile(r"(?<![\w/:.`])((?:[\w.-]+/)+(?:[\w-]+\.\w{1,11}\b|(?=[\s.,;)]|$)))")
_LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")
_REPOSITORY = re.compile(
    r"https?://(?:github|gitlab|huggingface)\.\w+/[\w.-]+/([\w.-]+?)(?:\.git)?(?=[\s`\"'),]|$)"
)
_URL = re.compile(r"`?https?://[^\s`]+`?")
_PATH = re.compile(r"^(?:\./|/)?[\w.*{}<>-]+(?:/[\w.*{}<>-]+)*/?$")
_READ_BEFORE = re.compile(
    r"\b(?:read|reads|loaded|loads|taken|parsed|imported|stored|obtained)\s+(?:\w+\s+){0,5}?"
    r"(?:from|in)\b[^.]*$"
    r"|\bread in\b[^.]*$|\b(?:messages|texts?|data|rows|records|lines|images|files?|entries"
    r"|samples|values|\w+s) (?:in|from|of)\s*$",
    re.I,
)
_READS = re.compile(r"\b(?:load(?:s|ed)?|reads?|parsed?|imported|ingested|fed)\b", re.I)
_SAVED_BEFORE = re.compile(
    r"\b(?:sav(?:ed?|ing|es)|stor(?:ed?|ing|es)|writ(?:e|ten|es)|export(?:ed|s)?|output|logged|"
    r"generat(?:ed?|es)|creat(?:ed?|es)|made|recorded|dumped|placed|shown|drawn|plotted|"
    r"visuali[sz]ed|converted)\b(?:\s+[\w-]+){0,5}\s*$",
    re.I,
)
_FOLDER_BEFORE = re.compile(r"\b(?:under|folder|directory)\s*$", re.I)
_FOLDER_NAME = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Places:
    """Paths as the requirement writes them, relative to the workspace, each in one role."""

    sources: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.sources or self.artifacts or self.folders or self.inputs)


@dataclass(frozen=True)
class Marked:
    """A sentence taken apart: its places, the names it marks, and the words that are left."""

    places: Places
    names: tuple[str, ...]  # quoted or in backticks, and no path
    code_names: tuple[str, ...]  # those in backticks
    plain: str  # quotes taken away, every path replaced by `PATH`, links by their text


def extension(path: str) -> str:
    name = basename(path)
    return name.rsplit(".", 1)[-1].lower() if "." in name[1:] else ""


def is_path(text: str, *, in_backticks: bool) -> bool:
    """Whether a marked span is a path, as opposed to a name such as `D3.js` or `torch.nn`."""
    if not _PATH.match(text) or ".." in text.split("/"):
        return False
    known = extension(text) in SOURCE | ARTIFACT
    if "/" in text:
        return known or text.endswith("/") or (in_backticks and not extension(text))
    return known and in_backticks


def take_apart(criteria: str) -> Marked:
    """Finds the places and marked names of a requirement; never fails."""
    repositories = tuple(dict.fromkeys(_REPOSITORY.findall(_LINK.sub(" ", criteria))))
    sentence = _URL.sub(" REPOSITORY ", _LINK.sub(r" \1 ", criteria))
    names: list[str] = []
    code_names: list[str] = []
    found: list[tuple[int, str]] = []
    pieces: list[str] = []
    at = 0
    for match in _SPAN.finditer(sentence):
        text = next(group for group in match.groups() if group is not None).strip()
        bare = text.rstrip(",.;")
        pieces.append(sentence[at : match.start()])
        is_folder = match.group(1) is not None and _FOLDER_BEFORE.search(pieces[-1])
        if is_folder and _FOLDER_NAME.fullmatch(bare):
            bare += "/"
        if is_path(bare, in_backticks=match.group(1) is not None):
            found.append((sum(map(len, pieces)), bare))
            pieces.append(" PATH ")
        else:
            if match.group(1) is not None:
                code_names.append(bare)
            elif match.group(4) is None or len(bare) < 40:
                names.append(bare)
            pieces.append(f"{text} " if text != bare else text)
        at = match.end()
    pieces.append(sentence[at:])
    text = "".join(pieces)
    for match in reversed(list(_BARE_PATH.finditer(text))):
        if not is_path(match.group(1), in_backticks=False):
            continue
        found.append((match.start(), match.group(1)))
        text = f"{text[: match.start()]} PATH {text[match.end() :]}"
    places = _in_roles(text, [path for _, path in sorted(found)], repositories)
    return Marked(places, tuple(names), tuple(code_names), " ".join(text.split()))


def _in_roles(text: str, paths: list[str], repositories: tuple[str, ...]) -> Places:
    befores = [text[: match.start()] for match in re.finditer(r"\bPATH\b", text)]
    cleaned = [path.removeprefix("./").lstrip("/") for path in paths]
    sources: list[str] = []
    artifacts: list[str] = []
    folders: list[str] = []
    inputs: list[str] = []
    has_source = any(extension(path) in SOURCE for path in cleaned)
    for path, before in zip(cleaned, befores, strict=False):
        if path.endswith("/") or not extension(path):
            folders.append(path.rstrip("/"))
        elif extension(path) in SOURCE:
            sources.append(path)
        elif _SAVED_BEFORE.search(before[-60:]):
            artifacts.append(path)
        elif _READ_BEFORE.search(before) and (has_source or _READS.search(text)):
            inputs.append(path)
        else:
            artifacts.append(path)
    bare = [path for path in artifacts if "/" not in path]
    if bare and len(folders) == 1:
        artifacts = [f"{folders[0]}/{path}" if path in bare else path for path in artifacts]
        folders = []
    folders = [
        folder
        for folder in folders
        if folder and not any(path.startswith(f"{folder}/") for path in artifacts + sources)
    ]
    return Places(
        tuple(dict.fromkeys(sources)),
        tuple(dict.fromkeys(artifacts)),
        tuple(dict.fromkeys(folders)),
        tuple(dict.fromkeys(inputs)),
        repositories,
    )
