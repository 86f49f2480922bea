"""Measure the converted model's word error rate through faster-whisper itself: `python -m dev.demo_model.evaluate`."""

import argparse
import itertools
import random
from collections.abc import Sequence
from pathlib import Path

from faster_whisper import WhisperModel

from dev.demo_model import MODEL
from dev.demo_model.speech import HELD_OUT_VOICES, TRAINING_VOICES, Samples, draw_clip
from dev.demo_model.vocabulary import held_out_sentences


def word_errors(spoken: str, heard: str) -> int:
    """The least number of words inserted, deleted or replaced (Levenshtein distance) between the two sentences."""
    said = spoken.split()
    distances = list(range(len(said) + 1))
    for row, word in enumerate(heard.split(), start=1):
        diagonal, distances[0] = distances[0], row
        for column, expected in enumerate(said, start=1):
            replaced = diagonal + (word != expected)
            diagonal = distances[column]
            distances[column] = min(replaced, diagonal + 1, distances[column - 1] + 1)
    return distances[-1]


def word_error_rate(pairs: Sequence[tuple[str, str]]) -> float:
    """Word errors per word spoken, over pairs of (spoken, heard)."""
    return sum(word_errors(*pair) for pair in pairs) / sum(len(spoken.split()) for spoken, _ in pairs)


def transcribe(model: WhisperModel, samples: Samples, timestamps: bool) -> str:
    """Greedy transcription without the fallback to higher temperatures, so that the figure is of the model alone."""
    segments, _ = model.transcribe(samples, beam_size=1, temperature=0.0, without_timestamps=not timestamps)
    return " ".join(segment.text.strip() for segment in segments)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--sentences", type=int, default=100)
    parser.add_argument("--show", type=int, default=0, help="print so many transcripts of each kind")
    arguments = parser.parse_args()
    model = WhisperModel(str(arguments.model), device="cpu", compute_type="int8")
    texts = list(itertools.islice(held_out_sentences(seed=1_000_000), arguments.sentences))
    for kind, voices in (("known", TRAINING_VOICES), ("held-out", HELD_OUT_VOICES)):
        rng = random.Random(1)
        clips = [(text, draw_clip(text, rng, voices).samples) for text in texts]
        for timestamps in (False, True):
            pairs = [(text, transcribe(model, samples, timestamps)) for text, samples in clips]
            rate = word_error_rate(pairs)
            print(f"held-out sentences, {kind} voices, {'with' if timestamps else 'no'} timestamps: {rate:.1%}")
            for spoken, heard in pairs[: arguments.show]:
                print(f"  said  {spoken}\n  heard {heard}")


if __name__ == "__main__":
    main()
