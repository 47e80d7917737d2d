"""`judge leaderboard`: a server that only this machine reaches, and that ends when it is told."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dashboard import serving as serving_module
from dashboard.configuration import flags
from dashboard.serving import serving
from results.errors import InputError
from tests.support.command import judge, start

SECONDS = 90


@pytest.fixture
def leaderboard(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The command over a store that is not there, and what it says once it serves."""
    process = start("leaderboard", "--no-browser", "--json", folder=tmp_path)
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            line = process.stdout.readline()
            assert line, process.communicate(timeout=SECONDS)
            lines.append(line)
        yield process, json.loads("".join(lines))
    finally:
        process.kill()
        process.communicate()


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/_stcore/health", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_it_serves_this_machine_alone_and_stops_with_its_server(
    leaderboard: tuple[subprocess.Popen[str], dict[str, Any]],
    number: signal.Signals,
    status: int,
    tmp_path: Path,
) -> None:
    process, said = leaderboard
    assert said["url"].startswith("http://127.0.0.1:")
    assert _answers(said["url"])
    process.send_signal(number)
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == status, err
    assert "Traceback" not in err
    assert not _answers(said["url"])
    # The store that was not there is still not there.
    assert not list(tmp_path.glob("results*"))


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = judge("leaderboard", "--no-browser", "--port", str(port), folder=tmp_path)
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err.startswith(f"judge: The leaderboard cannot listen on 127.0.0.1, port {port}")


class _AnswersAll(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The first port, which another server takes once it was seen to be free."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _AnswersAll) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        port = other.server_port
        fault = serving_module._fault
        looks: list[int] = []

        def free_at_first(address: str, port: int) -> str | None:
            looks.append(port)
            return None if looks == [other.server_port] else fault(address, port)

        monkeypatch.setattr(serving_module, "FIRST_PORT", port)
        monkeypatch.setattr(serving_module, "_fault", free_at_first)
        yield port
        other.shutdown()
        assert looks[0] == port


@pytest.mark.slow
def test_another_server_that_took_the_port_meanwhile_is_not_taken_for_ours(
    taken: int, tmp_path: Path
) -> None:
    with serving(tmp_path / "results.duckdb", tmp_path / "runs") as server:
        assert server.port > taken
        assert server.listens()
        assert _answers(server.url)


@pytest.mark.slow
def test_a_port_that_was_asked_for_and_taken_meanwhile_is_told(taken: int, tmp_path: Path) -> None:
    begun = serving(tmp_path / "results.duckdb", tmp_path / "runs", port=taken)
    with pytest.raises(InputError, match=f"port {taken} .another server took it"), begun:
        pass


def test_an_address_that_is_none_is_said_in_one_sentence(tmp_path: Path) -> None:
    ended = judge("leaderboard", "--no-browser", "--address", "nowhere.invalid", folder=tmp_path)
    assert ended.status == 2
    assert "Traceback" not in ended.err
    assert "nowhere.invalid" in ended.err


def test_what_keeps_strangers_out_is_told_to_the_server_as_flags() -> None:
    told = dict(flag.removeprefix("--").split("=", 1) for flag in flags("127.0.0.1", 8501))
    assert told["server.address"] == "127.0.0.1"
    assert told["browser.gatherUsageStats"] == "false"
    assert told["server.enableXsrfProtection"] == "true"
    assert told["server.fileWatcherType"] == "none"
    assert told["client.showErrorDetails"] == "none"
    assert told["client.disableDataExport"] == "true"
    assert told["server.enableStaticServing"] == "false"
