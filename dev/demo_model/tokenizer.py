"""The model's tokenizer: a token per word of the vocabulary, bytes for anything else, Whisper's special tokens."""

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from dev.demo_model.vocabulary import WORDS

END = "<|endoftext|>"
START = "<|startoftranscript|>"
NO_SPEECH = "<|nospeech|>"
NO_TIMESTAMPS = "<|notimestamps|>"
SPECIAL_TOKENS = (
    END, START, "<|en|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>",
    NO_SPEECH, NO_TIMESTAMPS,
)  # fmt: skip
TIMESTAMP_STEP_S = 0.02
TIMESTAMPS = tuple(f"<|{index * TIMESTAMP_STEP_S:.2f}|>" for index in range(1501))


def build() -> Tokenizer:
    """Make the tokenizer. Words are encoded with the space before them, as Whisper does: `` worker`` is one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=10_000, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator([f" {word}" for word in WORDS], trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in TIMESTAMPS])
    return tokenizer


def timestamp(seconds: float) -> str:
    """The token of the timestamp nearest to this time, to 0.1 s: finer is more than the model can learn."""
    return TIMESTAMPS[round(round(seconds, 1) / TIMESTAMP_STEP_S)]
