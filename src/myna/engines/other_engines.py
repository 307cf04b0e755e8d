"""Which engines other than the running one have a language: those installed, and open models that could be added."""

from dataclasses import dataclass

from myna.domain.language import CLONE_LANGUAGES, LangCode
from myna.engines.registry import list_engines


@dataclass(frozen=True, slots=True)
class AddableModel:
    """An open model that clones and for which nobody has written a plug-in yet."""

    name: str
    licence: str
    """Of code and weights."""
    languages: frozenset[LangCode]


ADDABLE_MODELS = (
    AddableModel("Chatterbox Multilingual", "MIT", frozenset(CLONE_LANGUAGES)),
    AddableModel(
        "Pocket TTS",
        "MIT, weights CC-BY-4.0",
        frozenset(
            {
                LangCode.EN_US,
                LangCode.FR_FR,
                LangCode.DE_DE,
                LangCode.PT_BR,
                LangCode.IT_IT,
                LangCode.ES_ES,
                LangCode.NL_NL,
            }
        ),
    ),
)
"""Permissive ones with a language that the embedded engine lacks; docs/engines.md says more."""


def describe_other_engines(lang: LangCode, running: str) -> str:
    """For a caller whose language `running` does not speak. Imports the specs of installed plug-ins, no weights."""
    installed = [
        listing.id
        for listing in list_engines()
        if listing.id != running and listing.spec is not None and lang in listing.spec.capabilities.spoken_languages
    ]
    if installed:
        return f"Installed engines that speak {lang.bcp47}: {', '.join(installed)} (myna serve --engine)."
    models = [f"{model.name} ({model.licence})" for model in ADDABLE_MODELS if lang in model.languages]
    if not models:
        return f"No installed engine speaks {lang.bcp47}; docs/engines.md says how one is added."
    return (
        f"No installed engine speaks {lang.bcp47}. Models that do and can be added as a plug-in (docs/engines.md): "
        f"{', '.join(models)}."
    )
