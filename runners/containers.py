"""Opening media files that nobody has looked at before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Playlists and lists of files are none of these: they would open other files, or the network.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,flv,asf,mpeg,mpegts,mpegvideo,m4v,h264,hevc"
    ",av1,obu,ivf,ogg,rm,dv,mxf,nut,mp3,wav,flac,aac"
)


def open_container(path: Path) -> Any:
    """The container in a file (`av.container.InputContainer`), and nothing but that file.

    Raises what PyAV raises: FFmpegError, OSError or ValueError.
    """
    import av

    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
    return av.open(str(path), metadata_errors="replace", options=options)
