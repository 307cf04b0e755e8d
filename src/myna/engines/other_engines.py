"""Which engines other than the running one have a language: those installed, and open models that could be added."""

from myna.domain.language import CLONE_LANGUAGES, LangCode
from myna.engines.registry import list_engines

ADDABLE_MODELS = {
    "Chatterbox Multilingual (MIT)": CLONE_LANGUAGES,
    "Pocket TTS (MIT, weights CC-BY-4.0)": ("EN_US", "FR_FR", "DE_DE", "PT_BR", "IT_IT", "ES_ES", "NL_NL"),
}
"""Open models that clone and are no plug-in yet, with the licences of code and weights, and their languages. Permissive
ones with a language that the embedded engine lacks; docs/engines.md says more."""


def describe_other_engines(lang: LangCode, running: str) -> str:
    """For a caller whose language `running` does not speak. Imports the specs of installed plug-ins, no weights."""
    installed = [
        listing.id
        for listing in list_engines()
        if listing.id != running and listing.spec is not None and lang in listing.spec.capabilities.spoken_languages
    ]
    if installed:
        return f"Installed engines that speak {lang.bcp47}: {', '.join(installed)} (myna serve --engine)."
    models = [model for model, languages in ADDABLE_MODELS.items() if lang in languages]
    if not models:
        return f"No installed engine speaks {lang.bcp47}; docs/engines.md says how one is added."
    return (
        f"No installed engine speaks {lang.bcp47}. Models that do and can be added as a plug-in (docs/engines.md): "
        f"{', '.join(models)}."
    )
