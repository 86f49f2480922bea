"""Training batches: clips of like length in one window, padded with zeros as faster-whisper pads features."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from dev.demo_model.corpus import FRAMES_PER_SECOND, Utterance
from dev.demo_model.network import LETTERS
from dev.demo_model.tokenizer import END, NO_TIMESTAMPS, START, timestamp

POSITIONS_PER_SECOND = FRAMES_PER_SECOND // 2
IGNORED = -100
TIMESTAMPED_SHARE = 0.4


@dataclass(frozen=True)
class Window:
    """To how many encoder positions (20 ms each) a batch is padded, its number of clips, its share of all."""

    positions: int
    clips: int
    share: float


WINDOWS = (Window(0, 16, 0.80), Window(750, 7, 0.12), Window(1500, 4, 0.08))
"""Most batches are padded only to their own longest clip, which is cheap; the rest teach the full 30 s window."""


@dataclass(frozen=True)
class Batch:
    """Tensors of one step. `diagonal` is, per decoder token, where in the window (positions) its speech is expected;
    minus one where nothing is."""

    features: Tensor
    decoder_input: Tensor
    target: Tensor
    diagonal: Tensor
    letters: Tensor
    letter_counts: Tensor
    positions: Tensor


def training_batches(
    utterances: Sequence[Utterance], tokenizer: Tokenizer, rng: random.Random, rank: int, processes: int
) -> Iterator[Batch]:
    """Draw batches for ever: of those that all the processes train on at once, the one of this rank."""
    while True:
        window = rng.choices(WINDOWS, weights=[window.share for window in WINDOWS])[0]
        # The batch is a stretch of a sorted sample, so that the clips of all processes are of like length.
        drawn = sorted(
            rng.sample(utterances, window.clips * max(8, processes)), key=lambda utterance: utterance.features.shape[1]
        )
        first = rng.randrange(0, len(drawn) - window.clips * processes + 1) + rank * window.clips
        chosen = drawn[first : first + window.clips]
        longest = chosen[-1].features.shape[1] // 2 + 1
        positions = window.positions or longest + rng.choice((0, 10, 50, 100))
        yield collate(chosen, tokenizer, positions, [rng.random() < TIMESTAMPED_SHARE for _ in chosen])


def collate(
    utterances: Sequence[Utterance], tokenizer: Tokenizer, positions: int, timestamped: Sequence[bool]
) -> Batch:
    """Lay out one batch in a window of so many positions, each clip with or without timestamps in its transcript."""
    features = np.zeros((len(utterances), 80, positions * 2), np.float32)
    for row, utterance in enumerate(utterances):
        features[row, :, : utterance.features.shape[1]] = utterance.features
    end = tokenizer.get_vocab()[END]
    token_rows, diagonal_rows = [], []
    for utterance, with_times in zip(utterances, timestamped, strict=True):
        tokens, diagonal = _transcript(utterance, tokenizer, with_times)
        token_rows.append(torch.tensor(tokens))
        diagonal_rows.append(torch.tensor(diagonal))
    padded = torch.nn.utils.rnn.pad_sequence(token_rows, batch_first=True, padding_value=IGNORED)
    letters = [torch.tensor([LETTERS.index(letter) + 1 for letter in utterance.text]) for utterance in utterances]
    target = padded[:, 1:].clone()
    target[target == tokenizer.token_to_id(NO_TIMESTAMPS)] = IGNORED  # a prompt, given and never generated
    return Batch(
        features=torch.from_numpy(features),
        decoder_input=padded[:, :-1].masked_fill(padded[:, :-1] == IGNORED, end),
        target=target,
        diagonal=torch.nn.utils.rnn.pad_sequence(diagonal_rows, batch_first=True, padding_value=-1.0),
        letters=torch.cat(letters),
        letter_counts=torch.tensor([len(row) for row in letters]),
        positions=torch.tensor([utterance.features.shape[1] // 2 for utterance in utterances]),
    )


def _transcript(utterance: Utterance, tokenizer: Tokenizer, with_times: bool) -> tuple[list[int], list[float]]:
    """The tokens of a transcript, and for each token but the first the position in the window where it is spoken."""
    words = utterance.text.split()
    spans = np.cumsum([0, *(len(word) + 1 for word in words)])
    middles = (spans[:-1] + spans[1:]) / 2 / spans[-1]
    spoken = utterance.start + middles * (utterance.end - utterance.start)
    text = f" {utterance.text}"
    if with_times:
        text = START + timestamp(utterance.start) + text + timestamp(utterance.end) + END
        times = [utterance.start, *spoken, utterance.end, utterance.end]
    else:
        text = START + NO_TIMESTAMPS + text + END
        times = [-1.0, *spoken, utterance.end]
    return tokenizer.encode(text).ids, [time * POSITIONS_PER_SECOND if time >= 0 else -1.0 for time in times]
