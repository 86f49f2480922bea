"""`python -m ingestion_worker.doctor.engines torch|ctranslate2`: compute once, and print what did, as JSON.

In a process of its own: where a library of CUDA lacks, these end the whole process.
"""

from __future__ import annotations

import json
import sys
import tempfile

from ingestion_worker.doctor.facts import EngineFacts

_MELS, _FRAMES, _WIDTH = 80, 3000, 64


def multiply() -> EngineFacts:
    """Multiply two matrices in torch, on the GPU if torch sees one.

    Raises:
        RuntimeError: it does not, or the product is wrong.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    product = torch.ones((64, 64), device=device) @ torch.ones((64, 64), device=device)
    if float(product.sum()) != 64**3:
        raise RuntimeError(f"the sum of a product on {device} is {float(product.sum())}, not {64**3}")
    return EngineFacts(torch.__version__, device)


def encode() -> EngineFacts:
    """Encode 30 s of silence with a tiny Whisper whose weights are random, on the GPU if CTranslate2 sees one.

    Raises:
        RuntimeError: it does not.
    """
    import ctranslate2
    import numpy as np

    device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        _build(folder)
        model = ctranslate2.models.Whisper(folder, device=device)
        silence = ctranslate2.StorageView.from_array(np.zeros((1, _MELS, _FRAMES), np.float32))
        encoded = model.encode(silence, to_cpu=True)
        if encoded.shape != [1, _FRAMES // 2, _WIDTH]:
            raise RuntimeError(f"the encoder gives a shape of {encoded.shape}")
    return EngineFacts(ctranslate2.__version__, device)


def _build(folder: str) -> None:
    """Write a Whisper of one layer into a folder, as the converter does, but for a tokenizer: nothing is decoded."""
    from ctranslate2.converters.transformers import WhisperLoader
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    config = WhisperConfig(
        vocab_size=64,
        num_mel_bins=_MELS,
        d_model=_WIDTH,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=_WIDTH,
        decoder_ffn_dim=_WIDTH,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
        decoder_start_token_id=0,
    )
    spec = WhisperLoader().get_model_spec(WhisperForConditionalGeneration(config))
    spec.register_vocabulary([f"<{number}>" for number in range(config.vocab_size)])
    spec.config.suppress_ids = spec.config.suppress_ids_begin = spec.config.lang_ids = []
    spec.config.alignment_heads = [[0, 0]]
    spec.validate()
    spec.optimize()
    spec.save(folder)


def main() -> None:
    """Compute with the library that the argument names."""
    facts = {"torch": multiply, "ctranslate2": encode}[sys.argv[1]]()
    print(json.dumps(vars(facts)))


if __name__ == "__main__":
    main()
