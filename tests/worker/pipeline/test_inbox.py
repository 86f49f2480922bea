"""The hand-over between the threads that prepare and the one that runs the device."""

from threading import Thread

import numpy as np
import pytest

from ingestion_contract.records import Video
from ingestion_worker.media.sections import Window
from ingestion_worker.media.windows import Span
from ingestion_worker.output.outcomes import Task
from ingestion_worker.output.transcript import Transcript, TranscriptSource
from ingestion_worker.pipeline.events import Event, Spoken, TaskWindow
from ingestion_worker.pipeline.inbox import MOST_WINDOWS, Inbox
from tests.worker.support.runs import wait_for


def task(name: str) -> Task:
    return Task(Video(id=name, url=name), f"t-{name}", name)


def window(name: str, number: int = 0, language: str = "en") -> TaskWindow:
    return TaskWindow(task(name), language, 0, number, Window(np.zeros((1, 1), np.float32), (Span(0.0, 1.0),)))


def spoken(name: str) -> Event:
    return Spoken(task(name), Transcript(TranscriptSource.ASR, "en", (), 1.0), stored=True)


def names(windows: list[TaskWindow]) -> list[str]:
    return [window.task.key for window in windows]


def test_a_batch_holds_windows_of_any_videos_in_their_order() -> None:
    inbox = Inbox()
    for name in "abcab":
        inbox.put_window(window(name))
    assert names(inbox.take(4, 0).windows) == list("abca")
    assert names(inbox.take(4, 0).windows) == ["b"]
    assert inbox.empty


def test_a_batch_is_in_one_language_and_the_others_keep_their_turn() -> None:
    inbox = Inbox()
    for name, language in (("a", "en"), ("b", "de"), ("c", "en"), ("d", "de")):
        inbox.put_window(window(name, language=language))
    assert names(inbox.take(8, 0).windows) == ["a", "c"]
    assert names(inbox.take(8, 0).windows) == ["b", "d"]


def test_events_are_not_kept_waiting_by_a_batch_that_is_not_full() -> None:
    inbox = Inbox()
    inbox.put_window(window("a"))
    inbox.put(spoken("b"))
    taken = inbox.take(2, 0)
    assert (len(taken.events), taken.windows) == (1, [])
    inbox.put(spoken("c"))
    inbox.put_window(window("d"))
    taken = inbox.take(2, 0)
    assert (len(taken.events), names(taken.windows)) == (1, ["a", "d"]), "a full batch goes along"


def test_who_prepares_is_held_up_while_the_device_is_behind() -> None:
    inbox = Inbox()
    for _ in range(MOST_WINDOWS):
        inbox.put_window(window("a"))
    put: list[bool] = []
    thread = Thread(target=lambda: put.append(inbox.put_window(window("b"))))
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    assert inbox.windows_waiting == MOST_WINDOWS
    inbox.take(1, 0)
    thread.join(10)
    assert put == [True]


def test_a_closed_inbox_holds_up_nobody() -> None:
    inbox = Inbox()
    for _ in range(MOST_WINDOWS):
        inbox.put_window(window("a"))
    put: list[bool] = []
    thread = Thread(target=lambda: put.append(inbox.put_window(window("b"))))
    thread.start()
    inbox.close()
    wait_for(lambda: put == [False], "the thread goes on")
    assert inbox.take(8, 0).windows == []


@pytest.mark.parametrize("most", [1, 3])
def test_nothing_is_lost_between_many_threads(most: int) -> None:
    inbox = Inbox()

    def prepare(name: str) -> None:
        for number in range(50):
            inbox.put_window(window(name, number))
        inbox.put(spoken(name))

    threads = [Thread(target=prepare, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    found: dict[str, list[int]] = {name: [] for name in "abcd"}
    events = 0
    while events < 4 or not inbox.empty:
        taken = inbox.take(most, 1)
        events += len(taken.events)
        assert len(taken.windows) <= most
        for each in taken.windows:
            found[each.task.key].append(each.number)
    assert found == {name: list(range(50)) for name in "abcd"}
