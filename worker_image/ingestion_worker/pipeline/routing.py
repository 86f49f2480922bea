"""Which speech model hears which video: by the language that is spoken, never by chance. Pure.

With one language in `spec.source.languages`, that is taken for granted, unless the source says otherwise. With several,
or `*`, a video's language is what the source says, or what a multilingual model hears in its first window.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingestion_contract.spec import LanguageModel, Transcription
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.media.errors import MediaError
from ingestion_worker.text.languages import base, known

_ENGLISH_NAME = re.compile(r"(\.en|(^|/)(faster-)?distil-(whisper-)?(small|medium|large)(-v[0-9.]+)?)(-ct2|-int8)?$")

ANY = "*"
ENGLISH = "en"

UNDETERMINED = "und"
"""ISO 639-2's code for a language that is not known: of a video in which nobody speaks."""


@dataclass(frozen=True)
class Routing:
    """The run's languages and speech models."""

    languages: tuple[str, ...]
    transcription: Transcription

    @property
    def declared(self) -> str | None:
        """The one language of the run, or None where each video's own is to be found out."""
        return base(self.languages[0]) if len(self.languages) == 1 and self.languages[0] != ANY else None

    def accepts(self, language: str) -> bool:
        """Return whether the run wants videos in a language."""
        return ANY in self.languages or base(language) in map(base, self.languages)

    def model_for(self, language: str) -> LanguageModel:
        """Return the first model whose languages fit.

        Raises:
            ConfigurationError: there is none.
        """
        wanted = (base(language), ANY)
        for model in self.transcription.models:
            if any(base(own) in wanted for own in model.languages):
                return model
        raise ConfigurationError(
            f'spec.transcription.models has no model for the language "{language}" of spec.source.languages: add one, '
            'or one for "*"'
        )

    @property
    def first_model(self) -> LanguageModel:
        """The model that is loaded first: for the declared language, or one that hears which language is spoken.

        Raises:
            ConfigurationError: there is none, or no model hears the language.
        """
        if self.declared is not None:
            if known(self.declared) is None:
                raise ConfigurationError(
                    f'spec.source.languages has "{self.languages[0]}", which is no language that Whisper hears: name '
                    "one by its two letters, as en"
                )
            return self.model_for(self.declared)
        for model in self.transcription.models:
            if ANY in model.languages:
                return model
        raise ConfigurationError(
            f"spec.source.languages is {', '.join(self.languages)}, so that each video's language is to be found out, "
            'and spec.transcription.models has no model for "*" that could: add a multilingual one, as large-v3-turbo'
        )

    def check(self, model: LanguageModel, multilingual: bool) -> None:
        """Check that a loaded model hears what it is to hear.

        Raises:
            ConfigurationError: it hears only English, and would write nonsense.
        """
        hears_others = multilingual and not hears_only_english(model.model)
        if hears_others or self.declared == ENGLISH or {base(own) for own in model.languages} == {ENGLISH}:
            return
        raise ConfigurationError(
            f"spec.transcription.models gives {model.model} to {', '.join(model.languages)}, but it hears only "
            'English: name it under languages: [en] alone, and a multilingual model such as large-v3-turbo under "*"'
        )


def other_language(language: str, routing: Routing, who: str) -> MediaError:
    """Return the error of a video in a language that the run does not want."""
    return MediaError(
        "OtherLanguage", f"{who} it is in {language}, and spec.source.languages has {', '.join(routing.languages)}"
    )


def hears_only_english(model: str) -> bool:
    """Return whether a model is known to hear only English by its name.

    Distil-Whisper's own models have Whisper's multilingual vocabulary, so that CTranslate2 takes them for multilingual,
    and write English whatever is spoken. Models of others that are made from them go by their own names.
    """
    return _ENGLISH_NAME.search(model.rstrip("/").lower()) is not None
