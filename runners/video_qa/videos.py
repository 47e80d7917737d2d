"""Where the video and the subtitles of a question are in the folders that a person names.

Released sets name a video by an id, a file name, or a path of their own archive; so a file is found
by its path below the folder, or else by its name wherever below it stands. Nothing outside of the
folder is opened, whatever a name or a link says.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from results.errors import InputError
from runners.video_qa.frames import PICTURES, UnreadableVideo

VIDEOS = (".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v", ".gif", ".mpg", ".mpeg", ".flv", ".wmv")
MOST_FILES = 2_000_000


class MediaFolder:
    """The files below a folder that have one of some endings, by name.

    Raises InputError where the folder is not there.
    """

    def __init__(
        self, folder: Path, endings: Sequence[str], *, takes_folders: bool = False
    ) -> None:
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}; check the path.")
        self._folder = folder.resolve()
        self._endings = tuple(endings)
        self._takes_folders = takes_folders
        self._by_name: dict[str, list[Path]] | None = None

    def find(self, names: Iterable[str]) -> Path | None:
        """The file of the first name that there is; None where none is there.

        UnreadableVideo where a name stands for several files, or for one outside of the folder.
        """
        wanted = [name for name in dict.fromkeys(names) if name and "\0" not in name]
        for name in wanted:
            for candidate in (name, *(name + ending for ending in self._endings)):
                path = self._folder / candidate
                if not candidate.startswith("/") and self._is_one(path):
                    return self._inside(path)
        for name in wanted:
            stem = self._stem(Path(name).name)
            found = self._names().get(stem, [])
            exact = [path for path in found if path.as_posix().endswith("/" + name)]
            chosen = exact or found
            if len(chosen) > 1:
                raise UnreadableVideo(
                    f"{len(chosen)} files below {self._folder.name} are called {name}; keep one."
                )
            if chosen:
                return self._inside(chosen[0])
        return None

    def _is_one(self, path: Path) -> bool:
        try:
            if path.is_file():
                return path.suffix.lower() in self._endings
            return self._takes_folders and path.is_dir() and _holds_pictures(path)
        except OSError:
            return False

    def _inside(self, path: Path) -> Path:
        real = path.resolve()
        if not real.is_relative_to(self._folder):
            raise UnreadableVideo(f"{path.name} leads out of {self._folder.name}.")
        return real

    def _stem(self, name: str) -> str:
        path = Path(name)
        return path.stem if path.suffix.lower() in self._endings else name

    def _names(self) -> dict[str, list[Path]]:
        if self._by_name is None:
            self._by_name = {}
            count = 0
            for folder, _, files in os.walk(self._folder):
                for name in sorted(files):
                    count += 1
                    if count > MOST_FILES:
                        raise InputError(f"{self._folder} has over {MOST_FILES:,} files.")
                    if Path(name).suffix.lower() in self._endings:
                        self._by_name.setdefault(self._stem(name), []).append(Path(folder, name))
        return self._by_name


def _holds_pictures(folder: Path) -> bool:
    return any(each.suffix.lower() in PICTURES for each in folder.iterdir())
