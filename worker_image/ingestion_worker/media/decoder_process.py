"""The process behind `decoder.Decoder`: `python -m ingestion_worker.media.decoder_process FD`.

It tries what it needs, says that it is ready, and decodes file after file. It ends when the other end of its pipe does.
"""

from __future__ import annotations

import json
import logging
import resource
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from ingestion_worker.media import sections, voice
from ingestion_worker.media.audio import SAMPLE_RATE
from ingestion_worker.media.errors import MediaError
from ingestion_worker.media.features import FeatureMaker, FeatureSettings
from ingestion_worker.media.sections import SectionEnd, Start, Window

log = logging.getLogger(__name__)

MOST_BYTES = 4 * 1024**3
"""Of address space: ten times what ten minutes of audio take. A file that wants more is not like others."""


def serve(pipe: Connection) -> None:
    """Decode file after file, until the other end is closed."""
    while True:
        request = json.loads(pipe.recv_bytes())
        for message, content in _answers(request, pipe):
            _send(pipe, message)
            if content is not None:
                pipe.send_bytes(content)


def _answers(request: dict[str, Any], pipe: Connection) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    settings = FeatureSettings(request["mels"], request["fft"], request["hop"])
    start = Start(request["section"], request["sample"])
    try:
        for event in sections.read(Path(request["path"]), settings, start, lambda: _send(pipe, {"kind": "alive"})):
            yield _message(event)
    except MediaError as error:
        yield {"kind": "media", "reason": error.reason, "message": str(error)}, None
    except MemoryError:
        gib = MOST_BYTES >> 30
        yield {"kind": "media", "reason": "TooLarge", "message": f"decoding it takes more than {gib} GiB"}, None
    except (EOFError, ConnectionError):
        raise
    except Exception as error:
        log.debug("where the file fails", exc_info=error)
        yield {"kind": "failed", "message": f"{type(error).__name__}: {error}"}, None


def _message(event: Window | SectionEnd) -> tuple[dict[str, Any], bytes | None]:
    if isinstance(event, Window):
        spans = [(span.start, span.end) for span in event.spans]
        return {"kind": "window", "spans": spans}, event.features.tobytes()
    return {
        "kind": "section",
        **vars(event.start),
        "end": event.end,
        "windows": event.windows,
        "last": event.last,
    }, None


def _send(pipe: Connection, message: dict[str, Any]) -> None:
    pipe.send_bytes(json.dumps(message).encode())


def _try_out() -> dict[str, Any]:
    """Try the libraries on a second of silence: what fails here is this node's fault, and what fails later a file's."""
    try:
        silence = np.zeros(SAMPLE_RATE, np.float32)
        voice.voiced_spans(silence)
        FeatureMaker(FeatureSettings())(silence)
    except Exception as error:
        log.warning("nothing can be decoded here", exc_info=error)
        return {"kind": "unusable", "message": f"{type(error).__name__}: {error}"}
    return {"kind": "ready"}


def main() -> None:
    """Serve the pipe that the argument names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    pipe = Connection(int(sys.argv[1]))
    try:
        _send(pipe, _try_out())
        serve(pipe)
    except (EOFError, ConnectionError):
        return


if __name__ == "__main__":
    main()
