"""The hand-over from the threads that prepare videos to the one that runs the device."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Condition

from ingestion_worker.pipeline.events import Event, TaskWindow

MOST_WINDOWS = 96
"""Windows that wait, at most: 90 MB with 80 mel bands, 150 MB with 128."""

MOST_EVENTS = 64
"""Events that wait, at most: each may hold the transcript of hours."""


LINGER_SECONDS = 0.05
"""How long a batch that is not full waits for its next window: a decoder gives one in about a tenth of a second, and a
batch costs the device several times that, whatever its size."""


@dataclass(frozen=True)
class Taken:
    """What was taken: all events, and windows of one language."""

    events: list[Event]
    windows: list[TaskWindow]


class Inbox:
    """Events, and a bounded number of windows. A thread that prepares is held up while the device is behind."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._events: deque[Event] = deque()
        self._windows: deque[TaskWindow] = deque()
        self._closed = False

    def put(self, event: Event) -> None:
        """Add an event once there is room, unless the inbox is closed meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._events) < MOST_EVENTS)
            if not self._closed:
                self._events.append(event)
                self._changed.notify_all()

    def put_window(self, window: TaskWindow) -> bool:
        """Add a window once there is room; False if the inbox was closed meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._windows) < MOST_WINDOWS)
            if not self._closed:
                self._windows.append(window)
                self._changed.notify_all()
            return not self._closed

    def take(self, most: int, timeout: float) -> Taken:
        """Return all events, and up to so many windows, which come from any videos in the oldest one's language.

        As long as windows keep coming, a batch is given a moment to fill; events are not kept waiting for it.

        Args:
            most: windows in a batch.
            timeout: seconds to wait for anything at all.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._events or self._windows, timeout)
            while 0 < len(self._windows) < most and not self._events and self._grows():
                pass
            events = list(self._events)
            self._events.clear()
            windows = self._take_windows(most) if not events or len(self._windows) >= most else []
            self._changed.notify_all()
        return Taken(events, windows)

    def _grows(self) -> bool:
        """Wait a moment, and return whether another window has come."""
        count = len(self._windows)
        self._changed.wait_for(lambda: self._closed or self._events or len(self._windows) > count, LINGER_SECONDS)
        return len(self._windows) > count

    def close(self) -> None:
        """Let nobody wait any more, and drop the windows."""
        with self._changed:
            self._closed = True
            self._windows.clear()
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether nobody takes any more."""
        return self._closed

    @property
    def empty(self) -> bool:
        """Whether nothing is waiting."""
        with self._changed:
            return not self._events and not self._windows

    @property
    def windows_waiting(self) -> int:
        """How many windows wait."""
        return len(self._windows)

    def _take_windows(self, most: int) -> list[TaskWindow]:
        if not self._windows:
            return []
        language = self._windows[0].language
        taken: list[TaskWindow] = []
        others: deque[TaskWindow] = deque()
        while self._windows and len(taken) < most:
            window = self._windows.popleft()
            (taken if window.language == language else others).append(window)
        others.extend(self._windows)
        self._windows = others
        return taken
