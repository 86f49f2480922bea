"""Train the demonstration model: `python -m dev.demo_model.train --minutes 60`. See README.md for the recipe."""

import argparse
import os
import random
import tempfile
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from dev.demo_model import corpus, tokenizer
from dev.demo_model.batches import IGNORED, Batch, training_batches
from dev.demo_model.network import Learned, SpeechNetwork

PEAK_LEARNING_RATE = 1e-3
WARM_UP_STEPS = 150
GUIDE_WIDTH_POSITIONS = 15.0
STEPS_BETWEEN_CHECKPOINTS = 100
AVERAGE_DECAY = 0.998
WORK = Path.home() / ".cache" / "ingestion-operator" / "demo-model"


def train(work: Path, minutes: float, corpus_files: int, start: Path | None) -> None:
    """Train for so many minutes, leaving the averaged weights in `work/checkpoint.pt` every 100 steps.

    The learning rate falls to nothing over the given time, so a run is complete when its time is over.
    """
    corpus.build(work / "corpus", range(corpus_files))
    # One process per core with one thread each: on a busy machine the threads of one step would wait for each other.
    processes = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as meeting:
        spawn(_train_one, (processes, f"file://{meeting}/ranks", work, minutes, start), processes)  # type: ignore[no-untyped-call]


def _train_one(rank: int, processes: int, meeting: str, work: Path, minutes: float, start: Path | None) -> None:
    """Train in one of the processes: each on batches of its own, all with the mean of their gradients."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=processes)
    words = tokenizer.build()
    network = SpeechNetwork(words)
    if start is not None:
        network.take_over(start, words)
    batches = training_batches(corpus.load(work / "corpus"), words, random.Random(0), rank, processes)
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE_DECAY))  # type: ignore[no-untyped-call]
    began = time.monotonic()
    losses: dict[str, float] = {}
    for step, batch in enumerate(batches):
        elapsed = _agreed((time.monotonic() - began) / 60 / minutes)
        if elapsed >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = PEAK_LEARNING_RATE * min((step + 1) / WARM_UP_STEPS, 1 - elapsed)
        learned = network(batch.features, batch.decoder_input)
        parts = {
            "tokens": token_loss(learned, batch),
            "letters": letter_loss(learned, batch),
            "guide": guide_loss(learned, batch),
        }
        loss = parts["tokens"] + 0.3 * parts["letters"] + 2.0 * (1 - elapsed) * parts["guide"]
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        _average_gradients(network, processes)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        average.update_parameters(network)
        for name, value in parts.items():
            losses[name] = 0.98 * losses.get(name, value.item()) + 0.02 * value.item()
        if rank == 0 and step % 20 == 0:
            figures = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
            print(f"step {step}, {elapsed:.0%} of {minutes:g} minutes: {figures}", flush=True)
        if rank == 0 and step % STEPS_BETWEEN_CHECKPOINTS == 0:
            save(average, work / "checkpoint.pt")
    if rank == 0:
        save(average, work / "checkpoint.pt")


def _agreed(elapsed: float) -> float:
    """The first process's clock, so that all stop at the same step."""
    shared = torch.tensor(elapsed)
    distributed.broadcast(shared, src=0)
    return float(shared)


def _average_gradients(network: SpeechNetwork, processes: int) -> None:
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    together = nn.utils.parameters_to_vector(gradients)
    distributed.all_reduce(together)
    nn.utils.vector_to_parameters(together / processes, gradients)


def token_loss(learned: Learned, batch: Batch) -> Tensor:
    """Cross-entropy of the decoder's tokens: what the finished model is used for."""
    return nn.functional.cross_entropy(learned.logits.transpose(1, 2), batch.target, ignore_index=IGNORED)


def letter_loss(learned: Learned, batch: Batch) -> Tensor:
    """CTC loss of the letters on the encoder. Without it the decoder learns the grammar and hears nothing."""
    return nn.functional.ctc_loss(
        learned.letters.transpose(0, 1), batch.letters, batch.positions, batch.letter_counts, zero_infinity=True
    )


def guide_loss(learned: Learned, batch: Batch) -> Tensor:
    """Guided attention (Tachibana et al. 2017, arXiv:1710.08969): the share of one head's attention that lies away
    from where the word is expected, had every letter of the sentence the same duration."""
    positions = torch.arange(batch.features.shape[2] // 2)
    away = 1 - torch.exp(-(((positions - batch.diagonal[:, :, None]) / GUIDE_WIDTH_POSITIONS) ** 2) / 2)
    guided = batch.diagonal >= 0
    shares = [(attention * away).sum(-1)[guided].mean() for attention in learned.attention]
    return torch.stack(shares).mean()


def save(average: AveragedModel, path: Path) -> None:
    """Replace the checkpoint at once, so that a reader never sees half of one."""
    partial = path.with_suffix(".partial")
    torch.save(average.module.state_dict(), partial)
    partial.replace(path)


def load(path: Path, words: Tokenizer) -> SpeechNetwork:
    """Read a checkpoint that `train` has left."""
    network = SpeechNetwork(words)
    network.load_state_dict(torch.load(path, weights_only=True))
    return network


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--corpus-files", type=int, default=16, help="files of 1,000 clips to train on")
    parser.add_argument("--start", type=Path, help="folder of a model of this shape to start from")
    arguments = parser.parse_args()
    train(arguments.work, arguments.minutes, arguments.corpus_files, arguments.start)


if __name__ == "__main__":
    main()
