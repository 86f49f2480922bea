"""Ends the process: with an exit code and a summary, also when it is asked to stop in the middle of something."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread
from types import FrameType
from typing import NoReturn

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.summary import MAX_DETAIL, ErrorSummary, encode_summary
from ingestion_worker.conclusion import Conclusion, NodeUnusable, StepError, Stopped
from ingestion_worker.text.words import told

log = logging.getLogger(__name__)

STOP_SECONDS = 20.0
"""How long a worker that is asked to stop may take: less than a pod's grace period of 30 s."""


class Ending:
    """The one end of this process, whichever thread comes to it first.

    Args:
        termination_message: file for the summary, written only if it exists already.
    """

    def __init__(self, termination_message: Path) -> None:
        self._termination_message = termination_message
        self._begun = Lock()

    def conclude(self, step: Callable[[], Conclusion]) -> NoReturn:
        """Take the step, and end the process as it says; an error is one sentence in the log and in the summary."""
        try:
            conclusion = step()
        except StepError as error:
            log.error("%s: %s", error.reason, error)
            conclusion = _failed(error.code, error.reason, str(error))
        except ImportError as error:
            log.error("NodeUnusable: a library does not load: %s", error, exc_info=error)
            conclusion = _failed(NodeUnusable.code, NodeUnusable.reason, f"a library does not load here: {error}")
        except OSError as error:
            sentence = f"the system refuses: {error}"
            log.error("SystemError: %s", sentence)
            log.debug("where it refused", exc_info=error)
            conclusion = _failed(ExitCode.FAILURE, "SystemError", sentence)
        except Exception as error:
            log.exception("InternalError: an error that nobody expected")
            conclusion = _failed(ExitCode.FAILURE, "InternalError", f"{type(error).__name__}: {error}")
        self._end(conclusion)

    def stop_at_once_on_sigterm(self) -> None:
        """Let SIGTERM end the process at once: for steps that have nothing to finish first."""
        _in_a_thread_on_sigterm(lambda: self._stop("asked to stop"))

    def stop_in_time_on_sigterm(self, stop: Event) -> None:
        """Let SIGTERM set the event, and end the process if that is not enough: nothing interrupts a model's load."""

        def act() -> None:
            stop.set()
            time.sleep(STOP_SECONDS)
            self._stop(f"asked to stop, and still busy {STOP_SECONDS:.0f} s later; finished videos are committed")

        _in_a_thread_on_sigterm(act)

    def _stop(self, sentence: str) -> NoReturn:
        log.warning("%s", sentence)
        self._end(_failed(Stopped.code, Stopped.reason, sentence))

    def _end(self, conclusion: Conclusion) -> NoReturn:
        """Leave the summary, and end the process without the interpreter's own way out.

        That would wait for downloads in other threads, and runs CTranslate2's destructor, which is known to abort:
        work that is done must not end in exit code 134. The lock is never released.
        """
        self._begun.acquire()
        try:
            if self._termination_message.exists():
                self._termination_message.write_text(encode_summary(conclusion.summary))
        except (OSError, ValueError) as error:
            log.warning("the summary, which is only a hint, is not left: %s", error)
        log.info("exit code=%d", conclusion.code)
        logging.shutdown()
        sys.stdout.flush()
        os._exit(conclusion.code)


def _failed(code: ExitCode, reason: str, sentence: str) -> Conclusion:
    return Conclusion(code, ErrorSummary(reason=reason, detail=told(sentence, MAX_DETAIL)))


def _in_a_thread_on_sigterm(act: Callable[[], None]) -> None:
    """Let SIGTERM call `act` in a thread of its own.

    Python runs signal handlers in the main thread, once that is back from C: a model's load may keep it there for
    longer than a pod's grace period. The byte in the wake-up pipe is there at once.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def listen() -> None:
        while os.read(reader, 1) != bytes([signal.SIGTERM]):
            continue
        act()

    Thread(target=listen, name="sigterm", daemon=True).start()
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _noted)


def _noted(_signal: int, _frame: FrameType | None) -> None:
    """The thread that listens does what is to be done."""
