"""Hands what a decoder gives of one video over to the device's thread."""

from __future__ import annotations

from collections.abc import Iterable
from queue import Empty
from threading import Event as Flag

from ingestion_worker.media.sections import SectionEnd, Window
from ingestion_worker.pipeline.events import Answer, Audio, Begun, SectionRead, TaskWindow, WhichLanguage
from ingestion_worker.pipeline.inbox import Inbox

LOOK_SECONDS = 0.2


def hand_over(inbox: Inbox, audio: Audio, events: Iterable[Window | SectionEnd], stop: Flag) -> None:
    """Put a video's windows and the ends of its sections into the inbox, and remove its file.

    Where the language is not known, the first window goes ahead, and the others follow once it is. The answer may be
    that the video is to be left: for good, or for another model, which needs the file.
    """
    inbox.put(Begun(audio))
    language = audio.language
    section, number = len(audio.checkpoints), 0
    for event in events:
        if isinstance(event, SectionEnd):
            inbox.put(SectionRead(audio.task, event))
            section, number = event.start.section + 1, 0
            continue
        if language is None:
            answer = _ask(inbox, WhichLanguage(audio, event), stop)
            if answer.language is None:
                if not answer.keep_file:
                    audio.path.unlink(missing_ok=True)
                return
            language = answer.language
        if not inbox.put_window(TaskWindow(audio.task, language, section, number, event)):
            return
        number += 1
    audio.path.unlink(missing_ok=True)


def _ask(inbox: Inbox, question: WhichLanguage, stop: Flag) -> Answer:
    inbox.put(question)
    while not stop.is_set() and not inbox.closed:
        try:
            return question.answer.get(timeout=LOOK_SECONDS)
        except Empty:
            continue
    return Answer(None, keep_file=True)
