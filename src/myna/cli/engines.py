"""`myna engines`: which engines are installed and what they can do."""

from myna.cli.options import AsJson
from myna.cli.output import print_json, print_rows
from myna.engines.base import EngineSpec
from myna.engines.registry import EngineListing, list_engines


def engines(as_json: AsJson = False) -> None:
    """List the installed engines: languages, licence, and why one cannot be used."""
    listings = list_engines()
    if as_json:
        print_json({"engines": [_as_json(listing) for listing in listings]})
        return
    print_rows(
        ("ENGINE", "VERSION", "LANGUAGES", "LICENCE", "FROM", "WHAT"),
        [
            (
                listing.id,
                listing.spec.version if listing.spec else "",
                ", ".join(_languages(listing.spec)) if listing.spec else "",
                listing.spec.licence if listing.spec else "",
                listing.distribution,
                listing.spec.summary if listing.spec else f"cannot be used: {listing.problem}",
            )
            for listing in listings
        ],
    )


def _languages(spec: EngineSpec) -> list[str]:
    """BCP-47, those that are understood but not native in sound marked with a star."""
    experimental = spec.capabilities.experimental_languages
    return sorted(f"{lang.bcp47}{'*' if lang in experimental else ''}" for lang in spec.capabilities.languages)


def _as_json(listing: EngineListing) -> dict[str, object]:
    spec = listing.spec
    if spec is None:
        return {"id": listing.id, "distribution": listing.distribution, "problem": listing.problem}
    capabilities = spec.capabilities
    return {
        "id": spec.id,
        "distribution": listing.distribution,
        "version": spec.version,
        "summary": spec.summary,
        "licence": spec.licence,
        "languages": sorted(lang.bcp47 for lang in capabilities.languages),
        "experimentalLanguages": sorted(lang.bcp47 for lang in capabilities.experimental_languages),
        "sampleRateHertz": capabilities.sample_rate_hz,
        "referenceSeconds": list(capabilities.reference_seconds),
        "needsTranscript": capabilities.needs_transcript,
        "streams": capabilities.streams,
        "reportsTimings": capabilities.reports_timings,
        "refines": capabilities.refines,
        "weights": list(spec.weights),
    }
