"""Which calls read or write files in JavaScript, TypeScript, Java, Go, Rust, C and C++."""

from __future__ import annotations

from typing import NamedTuple

from judge.code.facts import Mode
from judge.code.file_calls import open_mode


class TreeFile(NamedTuple):
    """A call that uses a file: position of the argument that names it, or of the mode beside it."""

    mode: Mode
    position: int = 0
    mode_position: int = -1
    content_position: int = -1


def _all(names: str, rule: TreeFile) -> dict[str, TreeFile]:
    return dict.fromkeys(names.split(), rule)


_READ = TreeFile("read")
_WRITE = TreeFile("write")
_SECOND = TreeFile("write", 1)
_SCRIPT = {
    **_all("readFile readFileSync createReadStream readJson readJsonSync sendFile", _READ),
    **_all("readTextFile readTextFileSync loadImage loadLayersModel", _READ),
    **_all("writeFile writeFileSync outputFile outputFileSync", TreeFile("write", 0, -1, 1)),
    **_all("writeTextFile writeTextFileSync writeJson writeJsonSync", TreeFile("write", 0, -1, 1)),
    **_all("createWriteStream toFile", _WRITE),
    **_all("appendFile appendFileSync", TreeFile("append", 0, -1, 1)),
    **_all("copyFile copyFileSync rename renameSync", _SECOND),
}
_SCRIPT_FULL = {
    "Bun.write": _WRITE,
    "Bun.file": _READ,
    "d3.csv": _READ,
    "d3.json": _READ,
    "xlsx.writeFile": _SECOND,
    "XLSX.writeFile": _SECOND,
    "xlsx.readFile": _READ,
    "sqlite3.Database": TreeFile("unknown"),
    "better-sqlite3": TreeFile("unknown"),
    "express.static": _READ,
    "multer.diskStorage": TreeFile("write", 9),
}
_JAVA = {
    **_all("FileReader FileInputStream Files.readAllLines Files.readString", _READ),
    **_all("Files.lines Files.newBufferedReader Files.readAllBytes ImageIO.read", _READ),
    **_all("Files.newInputStream Scanner", _READ),
    **_all("FileWriter FileOutputStream PrintWriter Files.newBufferedWriter", _WRITE),
    **_all("Files.newOutputStream Files.createFile", _WRITE),
    **_all("Files.write Files.writeString", TreeFile("write", 0, -1, 1)),
    **_all("Files.copy Files.move", _SECOND),
    "RandomAccessFile": TreeFile("unknown", 0, 1),
    "ImageIO.write": TreeFile("write", 2),
}
_GO = {
    **_all("os.Open os.ReadFile ioutil.ReadFile excelize.OpenFile", _READ),
    **_all("os.Create", _WRITE),
    **_all("os.WriteFile ioutil.WriteFile", TreeFile("write", 0, -1, 1)),
    **_all("os.OpenFile", TreeFile("unknown", 0, 1)),
    **_all("os.Rename", _SECOND),
    "http.ServeFile": TreeFile("read", 2),
    "sql.Open": TreeFile("unknown", 1),
}
_RUST = {
    **_all("File.open fs.read_to_string fs.read image.open Reader.from_path", _READ),
    **_all("File.create Writer.from_path", _WRITE),
    **_all("fs.write", TreeFile("write", 0, -1, 1)),
    **_all("fs.copy fs.rename", _SECOND),
    "Connection.open": TreeFile("unknown"),
}
_C = {
    "fopen": TreeFile("unknown", 0, 1),
    "freopen": TreeFile("unknown", 0, 1),
    "open": TreeFile("unknown", 0, 1),
    "ifstream": _READ,
    "ofstream": _WRITE,
    "fstream": TreeFile("unknown"),
    "cv.imread": _READ,
    "cv.imwrite": _WRITE,
    "imread": _READ,
    "imwrite": _WRITE,
    "sqlite3_open": TreeFile("unknown"),
    "stbi_write_png": _WRITE,
    "stbi_load": _READ,
    "rename": _SECOND,
}
_TABLES: dict[str, dict[str, TreeFile]] = {
    "java": _JAVA,
    "go": _GO,
    "rust": _RUST,
    "c": _C,
    "cpp": _C,
}
_SCRIPT_OWNERS = ("fs", "Deno", "node:fs", "fs-extra", "res", "response", "canvas", "tf", "sharp")


def file_rule(language: str, name: str, written: str) -> TreeFile | None:
    """The rule for a call by its dotted name, or None where it uses no file."""
    if language in ("javascript", "typescript"):
        known = _SCRIPT_FULL.get(name) or _SCRIPT_FULL.get(written)
        if known is not None:
            return known
        last = name.rsplit(".", 1)[-1]
        rule = _SCRIPT.get(last)
        if rule is None:
            return None
        is_owned = "." in name or name.startswith(_SCRIPT_OWNERS)
        return rule if is_owned else None
    table = _TABLES.get(language, {})
    parts = name.split(".")
    for count in (2, 1):
        rule = table.get(".".join(parts[-count:]))
        if rule is not None and (count == 2 or len(parts) == 1 or parts[0] in ("std", "java")):
            return rule
    return None


def mode_of(rule: TreeFile, text: str | None) -> Mode:
    """The mode of a use, where another argument decides it."""
    if rule.mode_position < 0 or text is None:
        return rule.mode
    if "O_APPEND" in text:
        return "append"
    if any(flag in text for flag in ("O_CREATE", "O_CREAT", "O_WRONLY", "O_RDWR", "O_TRUNC")):
        return "write"
    if "O_RDONLY" in text:
        return "read"
    return open_mode(text)
