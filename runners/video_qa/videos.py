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
from runners.video_qa.frames import PICTURES
from runners.video_qa.packets import UnreadableVideo

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
        below = {name: self._names().get(self._stem(Path(name).name), []) for name in wanted}
        at_path = {
            name: [path for path in found if self._is_at(path, name)]
            for name, found in below.items()
        }
        for name, found in (*at_path.items(), *below.items()):
            if len(found) > 1:
                raise UnreadableVideo(
                    f"{len(found)} files below {self._folder.name} are called {name}; keep one."
                )
            if found:
                return self._inside(found[0])
        return None

    def _is_at(self, path: Path, name: str) -> bool:
        """Whether a path ends in a name, with or without the file's ending."""
        wanted = Path(name).parts
        parts = path.parts[-len(wanted) :]
        return parts == wanted or (*parts[:-1], self._stem(parts[-1])) == wanted

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
        """A name without its ending; that of a video is none of its subtitles."""
        path = Path(name)
        return path.stem if path.suffix.lower() in (*self._endings, *VIDEOS) else name

    def _names(self) -> dict[str, list[Path]]:
        if self._by_name is None:
            by_name: dict[str, list[Path]] = {}
            count = 0
            for folder, _, files in os.walk(self._folder):
                count += len(files)
                if count > MOST_FILES:
                    raise InputError(f"{self._folder} has over {MOST_FILES:,} files.")
                found = [each for each in files if Path(each).suffix.lower() in self._endings]
                for name in sorted(found):
                    by_name.setdefault(self._stem(name), []).append(Path(folder, name))
                if self._takes_folders and not found and any(map(_is_picture, files)):
                    by_name.setdefault(Path(folder).name, []).append(Path(folder))
            # Set at once: other threads ask meanwhile.
            self._by_name = by_name
        return self._by_name


def _holds_pictures(folder: Path) -> bool:
    return any(_is_picture(each.name) for each in folder.iterdir())


def _is_picture(name: str) -> bool:
    return name.lower().endswith(PICTURES)
