"""Makes the features that a speech model takes: log mel spectrograms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ingestion_worker.media.audio import Samples

if TYPE_CHECKING:
    from faster_whisper.feature_extractor import FeatureExtractor

Features = NDArray[np.float32]

FRAMES = 3000
"""Of a window of 30 s, whatever the model."""


@dataclass(frozen=True)
class FeatureSettings:
    """How a speech model wants its features: `mels` bands, from windows of `fft` samples every `hop` samples."""

    mels: int = 80
    fft: int = 400
    hop: int = 160


class FeatureMaker:
    """Makes features of windows."""

    def __init__(self, settings: FeatureSettings) -> None:
        self._settings = settings

    def __call__(self, samples: Samples) -> Features:
        """Return the features of at most 30 s of audio, padded to a window: an array of shape (mels, 3000)."""
        from faster_whisper.audio import pad_or_trim

        features: Features = pad_or_trim(self._extractor(samples)[..., :-1], FRAMES)
        return np.ascontiguousarray(features, np.float32)

    @cached_property
    def _extractor(self) -> FeatureExtractor:
        from faster_whisper.feature_extractor import FeatureExtractor

        return FeatureExtractor(
            feature_size=self._settings.mels, n_fft=self._settings.fft, hop_length=self._settings.hop
        )
