"""Which engines a caller is pointed to for a language that the running one lacks."""

from myna.domain.language import LangCode
from myna.engines.kokoro.spec import SPEC as KOKORO
from myna.engines.other_engines import ADDABLE_MODELS, describe_other_engines
from myna.engines.tone.spec import SPEC as TONE


def test_an_installed_engine_that_speaks_is_named() -> None:
    """The embedded engine is installed beside the weightless one, and speaks French."""
    assert "kokoro" in describe_other_engines(LangCode.FR_FR, running="tone")


def test_a_hum_is_no_speech() -> None:
    """The weightless engine takes every language and can be understood in none: nobody is sent to it."""
    assert "tone" not in describe_other_engines(LangCode.KO_KR, running="kokoro")
    assert not TONE.capabilities.spoken_languages
    assert KOKORO.capabilities.spoken_languages == KOKORO.capabilities.languages


def test_every_language_that_is_not_spoken_has_somewhere_to_go() -> None:
    """At least one open model that could be added, with its licence."""
    for lang in set(LangCode) - KOKORO.capabilities.languages:
        models = [model for model, languages in ADDABLE_MODELS.items() if lang in languages]
        assert models, lang
        message = describe_other_engines(lang, running="kokoro")
        assert all(model in message for model in models)
        assert "docs/engines.md" in message
