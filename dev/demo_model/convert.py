"""Convert a checkpoint to the int8 CTranslate2 model that faster-whisper loads: `python -m dev.demo_model.convert`."""

import argparse
import json
import tempfile
from pathlib import Path

from ctranslate2.converters import TransformersConverter
from transformers import PreTrainedTokenizerFast, WhisperFeatureExtractor

from dev.demo_model import MODEL, tokenizer, train


def convert(checkpoint: Path, target: Path) -> None:
    """Write the model, its tokenizer and its preprocessor's settings into a folder, which may exist."""
    words = tokenizer.build()
    whisper = train.load(checkpoint, words).whisper
    ids = {name: words.token_to_id(name) for name in tokenizer.SPECIAL_TOKENS}
    whisper.generation_config.update(  # type: ignore[no-untyped-call]
        no_timestamps_token_id=ids[tokenizer.NO_TIMESTAMPS],
        alignment_heads=[[layer, 0] for layer in range(whisper.config.decoder_layers)],  # the guided ones
        suppress_tokens=[],
        begin_suppress_tokens=[words.token_to_id("Ġ"), ids[tokenizer.END]],
    )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        whisper.save_pretrained(source)
        PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=words, eos_token=tokenizer.END, bos_token=tokenizer.END, unk_token=tokenizer.END
        ).save_pretrained(source)
        extractor = WhisperFeatureExtractor(feature_size=80)  # type: ignore[no-untyped-call]
        extractor.save_pretrained(source)
        TransformersConverter(str(source)).convert(str(target), quantization="int8", force=True)
        settings = json.loads((source / "preprocessor_config.json").read_text())
        settings.pop("mel_filters", None)  # 150 KB that every reader computes for itself
        (target / "preprocessor_config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
    words.save(str(target / "tokenizer.json"))


def main() -> None:
    """Read the command line and convert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=train.WORK / "checkpoint.pt")
    parser.add_argument("--target", type=Path, default=MODEL)
    arguments = parser.parse_args()
    convert(arguments.checkpoint, arguments.target)


if __name__ == "__main__":
    main()
