"""The speech model that is timed: the architecture of whisper-tiny.en with random weights, which ends by itself.

Random weights never say that a text has ended. To let every system decode the same number of tokens per window
without an option, of which each has another or none, the end is built into the weights: one number of the decoder's
state is a clock that only the position sets and no layer changes, and the only token that looks at the clock is the
one that ends the text.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from ctranslate2.converters import TransformersConverter
from transformers import (
    PreTrainedTokenizerFast,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

from benchmarks.worker import vocabulary
from benchmarks.worker.settings import TOKENS

SEED = 2025
PROMPT = (vocabulary.START, vocabulary.NO_TIMESTAMPS)
"""Before the text of an English model that gives no timestamps."""

CLOCK = 0
"""The number of the decoder's state that is the clock."""

CLOCK_SIZE = 8.0
END_WEIGHT = 100.0
"""Far above what the logits of other tokens reach, whichever way the clock points."""

SHARPNESS = 3.0
"""Of the last layer's norm: the model is as sure of each token as a trained one, so that no system's guard against
poor text, by its probability or its repetitions, does work for it."""

_SCALE = {"embed_tokens": 0.2, "embed_positions": 1.5}


def folder(root: Path, tokens: int = TOKENS) -> Path:
    """Return the folder of the model, made once."""
    made = root / f"whisper-tiny.en-random-{tokens}-tokens"
    if not made.exists():
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root) as scratch:
            _write(_network(tokens), Path(scratch) / "transformers", Path(scratch) / "made")
            shutil.move(Path(scratch) / "made", made)
    return made


def _network(tokens: int) -> WhisperForConditionalGeneration:
    torch.manual_seed(SEED)
    words = vocabulary.build()
    start, end = vocabulary.number(words, vocabulary.START), vocabulary.number(words, vocabulary.END)
    prompt = [vocabulary.number(words, token) for token in PROMPT]
    settings = WhisperConfig(
        vocab_size=vocabulary.SIZE, num_mel_bins=80, d_model=384, encoder_layers=4, decoder_layers=4,
        encoder_attention_heads=6, decoder_attention_heads=6, encoder_ffn_dim=1536, decoder_ffn_dim=1536,
        max_source_positions=1500, max_target_positions=448, decoder_start_token_id=start,
        bos_token_id=end, eos_token_id=end, pad_token_id=end, suppress_tokens=[], begin_suppress_tokens=[end],
    )  # fmt: skip
    network = WhisperForConditionalGeneration(settings)
    network.requires_grad_(False)
    decoder: Any = network.model.decoder
    if True:
        for name, scale in _SCALE.items():
            getattr(decoder, name).weight.normal_(0, scale)
            decoder.layer_norm.weight.fill_(SHARPNESS)
    _build_clock(decoder, end, prompt, flips_at=len(prompt) - 1 + tokens)
    return network


def _build_clock(decoder: Any, end: int, prompt: Sequence[int], flips_at: int) -> None:
    """Let the position alone decide when the end comes: at the first one whose logits give no more text.

    Special tokens and timestamps, which lie above the end's, look at the clock too, but less: until the end only text
    is chosen. The clock is not to be disturbed by the prompt's own tokens, so that those do not look at it.
    """
    positions, tokens = decoder.embed_positions.weight, decoder.embed_tokens.weight
    positions[:flips_at, CLOCK] = -CLOCK_SIZE
    positions[flips_at:, CLOCK] = CLOCK_SIZE
    tokens[:, CLOCK] = 0
    tokens[end + 1 :, CLOCK] = END_WEIGHT / 2
    tokens[list(prompt), CLOCK] = 0
    tokens[end] = 0
    tokens[end, CLOCK] = END_WEIGHT
    for layer in decoder.layers:
        for last in (layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2):
            last.weight[CLOCK] = 0
            last.bias[CLOCK] = 0


def _write(network: WhisperForConditionalGeneration, source: Path, target: Path) -> None:
    words = vocabulary.build()
    network.generation_config.update(  # type: ignore[no-untyped-call]
        no_timestamps_token_id=vocabulary.number(words, vocabulary.NO_TIMESTAMPS),
        alignment_heads=[[layer, 0] for layer in range(network.config.decoder_layers)],
        suppress_tokens=[],
        begin_suppress_tokens=[vocabulary.number(words, vocabulary.END)],
    )
    network.save_pretrained(source)
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=words, eos_token=vocabulary.END, bos_token=vocabulary.END, unk_token=vocabulary.END
    ).save_pretrained(source)
    extractor = WhisperFeatureExtractor(feature_size=80)  # type: ignore[no-untyped-call]
    extractor.save_pretrained(source)
    TransformersConverter(str(source)).convert(str(target), quantization="int8")
    settings = json.loads((source / "preprocessor_config.json").read_text())
    settings.pop("mel_filters", None)
    (target / "preprocessor_config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
    words.save(str(target / "tokenizer.json"))
