"""The process behind `decoder.Decoder`: `python -m ingestion_worker.media.decoder_process FD`.

It ends when the other end of its pipe does.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ingestion_worker.media import sections
from ingestion_worker.media.errors import MediaError
from ingestion_worker.media.features import FeatureSettings
from ingestion_worker.media.sections import SectionEnd, Start, Window


def serve(pipe: Connection) -> None:
    """Decode file after file, until the other end is closed."""
    while True:
        request = json.loads(pipe.recv_bytes())
        for message, content in _answers(request):
            pipe.send_bytes(json.dumps(message).encode())
            if content is not None:
                pipe.send_bytes(content)


def _answers(request: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    settings = FeatureSettings(request["mels"], request["fft"], request["hop"])
    start = Start(request["section"], request["sample"])
    try:
        for event in sections.read(Path(request["path"]), settings, start):
            yield _message(event)
    except MediaError as error:
        yield {"kind": "media", "reason": error.reason, "message": str(error)}, None
    except MemoryError as error:
        yield {"kind": "memory", "message": f"the host's memory does not suffice to decode it: {error}"}, None


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


def main() -> None:
    """Serve the pipe that the argument names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        serve(Connection(int(sys.argv[1])))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


if __name__ == "__main__":
    main()
