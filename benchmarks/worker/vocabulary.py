"""A tokenizer of the size and layout of English Whisper's, with invented words."""

from __future__ import annotations

from itertools import islice, product
from string import ascii_lowercase

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

END = "<|endoftext|>"
START = "<|startoftranscript|>"
NO_SPEECH = "<|nospeech|>"
NO_TIMESTAMPS = "<|notimestamps|>"
LANGUAGES = ("en", *(f"x{number}" for number in range(98)))
"""As many as Whisper has; an English model is asked for none of them."""

TEXT_TOKENS = 50_256
SIZE = 51_864
"""Of English Whisper: text, then 107 special tokens, then 1,501 timestamps."""


def build() -> Tokenizer:
    """Make the tokenizer: bytes, pairs of letters, and words of four letters with the space before them."""
    tokenizer = Tokenizer(_words())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = [END, START, *(f"<|{language}|>" for language in LANGUAGES), "<|translate|>", "<|transcribe|>"]
    special += ["<|startoflm|>", "<|startofprev|>", NO_SPEECH, NO_TIMESTAMPS]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.add_tokens([AddedToken(f"<|{step * 0.02:.2f}|>", normalized=False) for step in range(1501)])
    assert tokenizer.get_vocab_size() == SIZE
    return tokenizer


def number(tokenizer: Tokenizer, token: str) -> int:
    """Return the number of a token that the tokenizer has."""
    found = tokenizer.token_to_id(token)
    assert found is not None
    return found


def _words() -> models.BPE:
    bytes_ = sorted(pre_tokenizers.ByteLevel.alphabet())
    pairs = [(first, second) for first, second in product(ascii_lowercase, repeat=2)]
    starts = [("Ġ", first + second) for first, second in pairs]
    room = TEXT_TOKENS - len(bytes_) - len(pairs) - len(starts)
    words = islice(((space + start, end) for end in map("".join, pairs) for space, start in starts), room)
    merges = [*pairs, *starts, *words]
    tokens = [*bytes_, *("".join(merge) for merge in merges)]
    return models.BPE(vocab={token: number for number, token in enumerate(tokens)}, merges=merges)
