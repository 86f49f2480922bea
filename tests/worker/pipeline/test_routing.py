"""Which speech model hears which video."""

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from ingestion_contract.spec import LanguageModel, Transcription
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.pipeline.routing import Routing
from ingestion_worker.text.languages import WHISPER_LANGUAGES, known

DISTIL = LanguageModel(languages=["en"], model="distil-large-v3")
TURBO = LanguageModel(languages=["*"], model="large-v3-turbo")
BOTH = Transcription(models=[DISTIL, TURBO])


def routing(*languages: str, models: Transcription = BOTH) -> Routing:
    return Routing(languages, models)


def test_one_language_is_taken_for_granted_and_has_its_model() -> None:
    assert routing("en").declared == "en"
    assert routing("en").first_model == DISTIL
    assert routing("en-GB").first_model == DISTIL
    assert routing("de").first_model == TURBO


@pytest.mark.parametrize("languages", [("en", "de"), ("*",)])
def test_with_several_the_model_for_any_language_is_first_since_it_hears_which_one_it_is(
    languages: tuple[str, ...],
) -> None:
    several = routing(*languages)
    assert several.declared is None
    assert several.first_model == TURBO
    assert several.model_for("en") == DISTIL
    assert several.model_for("de") == TURBO


def test_a_language_that_the_run_does_not_name_is_not_wanted() -> None:
    assert routing("en", "de").accepts("de-AT")
    assert not routing("en", "de").accepts("fr")
    assert routing("*").accepts("fr")


def test_with_several_and_no_model_for_any_it_says_what_to_add() -> None:
    with pytest.raises(ConfigurationError, match=r'no model for "\*".*large-v3-turbo'):
        _ = routing("en", "de", models=Transcription(models=[DISTIL])).first_model
    with pytest.raises(ConfigurationError, match='no model for the language "de"'):
        _ = routing("de", models=Transcription(models=[DISTIL])).first_model


def test_a_model_that_hears_only_english_is_refused_where_it_would_write_nonsense() -> None:
    mistaken = LanguageModel(languages=["*"], model="distil-large-v3")
    for languages in (("de",), ("en", "de"), ("*",)):
        with pytest.raises(ConfigurationError, match=r"distil-large-v3 to .*hears only English"):
            routing(*languages).check(mistaken, multilingual=False)
    routing("en").check(mistaken, multilingual=False)
    routing("en", "de").check(DISTIL, multilingual=False)


@pytest.mark.parametrize(
    "model",
    [
        "distil-large-v3",
        "distil-large-v3.5",
        "distil-medium.en",
        "Systran/faster-distil-whisper-large-v3",
        "distil-whisper/distil-large-v3.5-ct2",
        "/ingestion/models/distil-large-v2/",
        "tiny.en",
    ],
)
def test_distil_whisper_is_english_although_its_vocabulary_is_multilingual(model: str) -> None:
    with pytest.raises(ConfigurationError, match="hears only English"):
        routing("de").check(LanguageModel(languages=["*"], model=model), multilingual=True)
    routing("en").check(LanguageModel(languages=["*"], model=model), multilingual=True)


@pytest.mark.parametrize("model", ["large-v3-turbo", "somebody/distil-whisper-large-v3-german", "/models/mine"])
def test_other_models_go_by_their_vocabulary(model: str) -> None:
    routing("de").check(LanguageModel(languages=["*"], model=model), multilingual=True)


def test_a_language_that_whisper_does_not_hear_is_refused_and_other_spellings_are_not() -> None:
    with pytest.raises(ConfigurationError, match='"tlh", which is no language'):
        _ = routing("tlh").first_model
    assert routing("iw").declared == "he"
    assert routing("en-GB").declared == "en"
    assert routing("he").accepts("iw")


def test_whisper_s_languages_are_faster_whisper_s() -> None:
    assert frozenset(_LANGUAGE_CODES) == WHISPER_LANGUAGES
    assert known("zh-Hant") == "zh"
    assert known("nb_NO") == "no"
    assert known("tlh") is None
