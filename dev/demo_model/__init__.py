"""The demonstration speech model: a tiny Whisper, and everything that it was made from."""

from pathlib import Path

MODEL = Path(__file__).parent / "demo-asr"
"""The finished model, a folder that `faster_whisper.WhisperModel` loads."""
