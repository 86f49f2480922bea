"""Gets hold of what is said in a video: from the output, from captions, or as audio to be heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from ingestion_contract.records import Checkpoint
from ingestion_contract.spec import LanguageModel
from ingestion_worker.media.sections import SECTION_SECONDS
from ingestion_worker.output import transcripts
from ingestion_worker.output.outcomes import Task
from ingestion_worker.output.store import Store
from ingestion_worker.output.transcript import Transcript, TranscriptSource
from ingestion_worker.pipeline.events import Audio, Postponed, Spoken
from ingestion_worker.pipeline.routing import UNDETERMINED, Routing, other_language
from ingestion_worker.source.fetch import FetchedAudio, FetchedCaptions
from ingestion_worker.source.isolation import IsolatedFetcher
from ingestion_worker.text.languages import known

Acquired = Spoken | Audio | Postponed


class Acquirer:
    """Looks into the output first, then asks the source. One per thread.

    Args:
        scratch: a folder for files of audio.
        routing: which languages the run wants.
        loaded: the speech model that hears now; videos for another one are postponed.
        turn: waits until the source may be asked; False if it is not to be asked any more.
        heard: languages of videos that were heard in an earlier pass, by key.
    """

    def __init__(
        self,
        store: Store,
        fetcher: IsolatedFetcher,
        scratch: Path,
        routing: Routing,
        loaded: LanguageModel,
        turn: Callable[[], bool],
        heard: Mapping[str, str],
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._scratch = scratch
        self._routing = routing
        self._loaded = loaded
        self._turn = turn
        self._heard = heard

    def __call__(self, task: Task) -> Acquired | None:
        """Return a video's transcript, or a file with its audio; None if its source is not to be asked any more.

        Raises:
            OutputUnavailable: the storage refuses.
            SourceFailure, OSError, MemoryError, RuntimeError: see `source.failures.classify`.
        """
        stored = transcripts.load(self._store, task.transcript_key)
        if stored is not None:
            return Spoken(task, stored, stored=True)
        if not self._turn():
            return None
        fetched = self._fetcher.fetch(task.video)
        if isinstance(fetched, FetchedCaptions):
            return Spoken(task, _from_captions(task, fetched), stored=False)
        checkpoints = self._checkpoints(task)
        language = self._language(task, fetched, checkpoints)
        audio = Audio(task, self._moved(fetched.path), language, checkpoints)
        if language is None or (model := self._routing.model_for(language)) == self._loaded:
            return audio
        return Postponed(audio, model)

    def _language(self, task: Task, fetched: FetchedAudio, checkpoints: Sequence[Checkpoint]) -> str | None:
        """Return the language of a video, as far as it is known before it is heard."""
        heard = checkpoints[-1].language if checkpoints else self._heard.get(task.key, UNDETERMINED)
        if heard != UNDETERMINED:
            return heard
        said = known(fetched.language)
        if said is None:
            return self._routing.declared
        if not self._routing.accepts(said):
            fetched.path.unlink()
            raise other_language(said, self._routing, "the source says")
        return said

    def _moved(self, path: Path) -> Path:
        """Give a file a name of its own: a fetcher uses the same one for every video."""
        return path.rename(self._scratch / uuid4().hex)

    def _checkpoints(self, task: Task) -> list[Checkpoint]:
        """Return the checkpoints of a video; a short one has none."""
        duration = task.video.duration_seconds
        if duration is not None and duration < SECTION_SECONDS:
            return []
        return transcripts.load_checkpoints(self._store, task.transcript_key)


def _from_captions(task: Task, fetched: FetchedCaptions) -> Transcript:
    source = TranscriptSource.AUTOMATIC_CAPTIONS if fetched.automatic else TranscriptSource.MANUAL_CAPTIONS
    seconds = fetched.duration_seconds or task.video.duration_seconds or fetched.segments[-1].end
    return Transcript(source, fetched.language, tuple(fetched.segments), seconds)
