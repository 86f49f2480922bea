"""Codes of languages, as Whisper knows them."""

from __future__ import annotations

WHISPER_LANGUAGES = frozenset({
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de",
    "el", "en", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht",
    "hu", "hy", "id", "is", "it", "ja", "jw", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt",
    "lv", "mg", "mi", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl",
    "ps", "pt", "ro", "ru", "sa", "sd", "si", "sk", "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta",
    "te", "tg", "th", "tk", "tl", "tr", "tt", "uk", "ur", "uz", "vi", "yi", "yo", "yue", "zh",
})  # fmt: skip
"""faster-whisper's list, which is OpenAI's."""

_ALIASES = {"iw": "he", "in": "id", "ji": "yi", "jv": "jw", "nb": "no", "fil": "tl", "cmn": "zh"}
"""Codes that sources use for languages that Whisper spells otherwise."""


def base(language: str) -> str:
    """Return a language without its region, in Whisper's spelling: `en` of `en-GB`, `he` of `iw`."""
    code = language.split("-")[0].split("_")[0].lower()
    return _ALIASES.get(code, code)


def known(language: str | None) -> str | None:
    """Return a language as Whisper knows it, None for one that it does not know."""
    if language is None:
        return None
    code = base(language)
    return code if code in WHISPER_LANGUAGES else None
