"""How fast one endpoint is asked: places that threads share, and pauses that all of them keep."""

from __future__ import annotations

import threading
import time

# How soon a waiting thread sees that the run was stopped.
SECONDS_BETWEEN_LOOKS = 0.05


class Lane:
    """The way to one endpoint: at most `places` calls at once, and none before a pause is over."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._condition = threading.Condition()
        self._inside = 0
        self._paused_until = 0.0

    def enter(self, stop: threading.Event, latest: float) -> bool:
        """Waits for a place; False when stopped, or when the monotonic clock passes `latest`."""
        with self._condition:
            while True:
                now = time.monotonic()
                if stop.is_set() or now >= latest:
                    return False
                if self._inside < self.places and now >= self._paused_until:
                    self._inside += 1
                    return True
                self._condition.wait(SECONDS_BETWEEN_LOOKS)

    def leave(self) -> None:
        with self._condition:
            self._inside -= 1
            self._condition.notify()

    def pause(self, seconds: float) -> None:
        """Lets no call in for so long; a longer pause that is on already stays."""
        with self._condition:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)


_lanes: dict[str, Lane] = {}
_lanes_lock = threading.Lock()


def lane_to(address: str, places: int) -> Lane:
    """The one lane to an address in this process; the last setting of its places holds."""
    with _lanes_lock:
        lane = _lanes.setdefault(address, Lane(places))
        lane.places = places
        return lane
