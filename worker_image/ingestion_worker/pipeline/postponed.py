"""Videos that wait for another speech model than the one that is loaded."""

from __future__ import annotations

from ingestion_contract.spec import LanguageModel
from ingestion_worker.output.outcomes import Task
from ingestion_worker.pipeline.events import Audio

KEPT_FILES = 32
"""Files that are kept for a model, at most, since they lie on the pod's scratch disk: the others are fetched again."""


class PostponedVideos:
    """Videos by the model that is to hear them.

    Attributes:
        languages: of videos that were heard or said, by key: what is fetched again need not be heard again for it.
    """

    def __init__(self) -> None:
        self.languages: dict[str, str] = {}
        self._waiting: dict[str, tuple[LanguageModel, list[Audio]]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, audio: Audio, model: LanguageModel) -> None:
        """Put a video off until its model is loaded."""
        assert audio.language is not None
        self.languages[audio.task.key] = audio.language
        _, waiting = self._waiting.setdefault(model.model, (model, []))
        if len(waiting) >= KEPT_FILES:
            audio.path.unlink(missing_ok=True)
        waiting.append(audio)

    def pop(self) -> tuple[LanguageModel, list[Task], dict[str, Audio]]:
        """Return a model, the videos that wait for it, and those of them whose file was kept, by key."""
        model, waiting = self._waiting.pop(next(iter(self._waiting)))
        kept = {audio.task.key: audio for audio in waiting if audio.path.exists()}
        return model, [audio.task for audio in waiting], kept
