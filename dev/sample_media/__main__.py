"""`python -m dev.sample_media serve`: serve the sample until stopped, and say where."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from dev.sample_media.sentences import DEFAULT_VIDEOS, sample_videos
from dev.sample_media.server import SampleServer
from dev.sample_media.synthesise import synthesise

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

Videos = Annotated[int, typer.Option(min=1, help="How many videos the feed holds.")]


@app.command()
def serve(
    videos: Videos = DEFAULT_VIDEOS,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Loopback port; 0 takes a free one.")] = 0,
    ready_file: Annotated[Path | None, typer.Option(help="Write the feed's URL here once it is served.")] = None,
) -> None:
    """Serve the sample on 127.0.0.1 until SIGTERM or Ctrl-C."""
    server = SampleServer(videos, port)
    signals = (signal.SIGINT, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with server:
        print(f"Serving {videos} videos at {server.feed_url}", flush=True)
        if ready_file is not None:
            _write_at_once(ready_file, server.feed_url)
        signal.sigwait(signals)


@app.command()
def prepare(videos: Videos = DEFAULT_VIDEOS) -> None:
    """Make the clips, so that serving starts at once."""
    clips = synthesise(sample_videos(videos))
    print(f"{len(clips)} clips, {sum(clip.duration_s for clip in clips.values()):.0f} s of speech")


def _write_at_once(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text + "\n")
    partial.replace(path)


app()
