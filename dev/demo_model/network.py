"""The network: Whisper's architecture, 3 million parameters, and what it needs only while it learns."""

import copy
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import WhisperConfig, WhisperForConditionalGeneration

from dev.demo_model.tokenizer import END, START

LETTERS = " abcdefghijklmnopqrstuvwxyz"
WINDOW_POSITIONS = 1500
"""Encoder positions (20 ms each) of the 30 s window that faster-whisper fills, whatever a model was trained on."""
DECODER_POSITIONS = 448
"""faster-whisper's default limit of generated tokens."""


@dataclass(frozen=True)
class Learned:
    """One forward pass: encoder states, letter log-probabilities (batch x positions x letters + blank), decoder logits,
    and the first head's cross-attention of each decoder layer (batch x tokens x positions)."""

    letters: Tensor
    logits: Tensor
    attention: list[Tensor]


class SpeechNetwork(nn.Module):
    """A Whisper model whose encoder takes windows of any length up to 30 s, with a letter head for the CTC loss."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        config = _config(tokenizer)
        config._attn_implementation = "eager"
        self.whisper = WhisperForConditionalGeneration(config)
        self.letter_head = nn.Linear(self.whisper.config.d_model, len(LETTERS) + 1)
        # The guided attention reads the decoder's attention weights, which only the eager kernel returns; the encoder
        # is far quicker with the fused one.
        fused = copy.deepcopy(self.whisper.config)
        fused._attn_implementation = "sdpa"
        for layer in self.whisper.model.encoder.layers:
            layer.self_attn.config = fused

    def encode(self, features: Tensor) -> Tensor:
        """Encode features (batch x 80 x frames of 10 ms) to states (batch x frames / 2 x width)."""
        encoder = self.whisper.model.encoder
        states = nn.functional.gelu(encoder.conv1(features))
        states = nn.functional.gelu(encoder.conv2(states)).permute(0, 2, 1)
        states = states + encoder.embed_positions.weight[: states.shape[1]]
        for layer in encoder.layers:
            states = layer(states, None)
        encoded: Tensor = encoder.layer_norm(states)
        return encoded

    def forward(self, features: Tensor, decoder_input: Tensor) -> Learned:
        """Run the network on features (batch x 80 x frames) and the tokens before each target (batch x tokens)."""
        states = self.encode(features)
        decoded = self.whisper.model.decoder(
            input_ids=decoder_input, encoder_hidden_states=states, output_attentions=True, use_cache=False
        )
        return Learned(
            letters=self.letter_head(states).log_softmax(-1),
            logits=self.whisper.proj_out(decoded.last_hidden_state),
            attention=[weights[:, 0] for weights in decoded.cross_attentions],
        )

    @torch.no_grad()
    def take_over(self, folder: Path, tokenizer: Tokenizer) -> None:
        """Start from another model of this shape (`transformers` layout, tokenizer.json in it or beside it)."""
        weights = load_file(folder / "model.safetensors")
        own = self.whisper.state_dict()
        beside = folder if (folder / "tokenizer.json").exists() else folder.parent
        other = Tokenizer.from_file(str(beside / "tokenizer.json"))
        embeddings = weights.pop("model.decoder.embed_tokens.weight")
        for token, index in other.get_vocab().items():
            position = tokenizer.token_to_id(token)
            if position is not None:
                own["model.decoder.embed_tokens.weight"][position] = embeddings[index]
        del weights["model.encoder.embed_positions.weight"]  # sinusoids: the same in every model, only fewer of them
        learned = weights.pop("model.decoder.embed_positions.weight")
        own["model.decoder.embed_positions.weight"][: len(learned)] = learned
        for name, value in weights.items():
            own[name].copy_(value)


def _config(tokenizer: Tokenizer) -> WhisperConfig:
    vocabulary = tokenizer.get_vocab()
    end, start = vocabulary[END], vocabulary[START]
    return WhisperConfig(
        vocab_size=len(vocabulary),
        num_mel_bins=80,
        d_model=192,
        encoder_layers=3,
        decoder_layers=2,
        encoder_attention_heads=3,
        decoder_attention_heads=3,
        encoder_ffn_dim=768,
        decoder_ffn_dim=768,
        max_source_positions=WINDOW_POSITIONS,
        max_target_positions=DECODER_POSITIONS,
        dropout=0.0,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
