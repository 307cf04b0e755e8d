"""Voice samples: as they arrive, and what was found out about them."""

from dataclasses import dataclass
from math import nan

from myna.domain.finding import Finding, Severity
from myna.domain.language import LangCode
from myna.domain.waveform import Waveform


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """One voice sample as it arrived, decoded from base64."""

    content: bytes
    transcript: str
    """What the caller says is said; empty if not given."""
    lang: LangCode | None
    """What the caller says it is in; None to detect."""
    remove_background_noise: bool = False


@dataclass(frozen=True, slots=True)
class SampleQuality:
    """What was measured on a sample. NaN where it could not be."""

    duration_s: float
    """Of the decoded sample as uploaded."""
    speech_s: float
    snr_db: float = nan
    dnsmos_overall: float = nan
    """P.835 OVRL, 1 to 5."""
    dnsmos_signal: float = nan
    dnsmos_background: float = nan
    bandwidth_hz: float = nan
    loudness_lufs: float = nan
    peak_db: float = nan
    clipped_ratio: float = nan
    num_speakers: int = 0
    window_start_s: float = 0.0
    """Where in the uploaded sample the part that was used begins."""
    window_end_s: float = 0.0
    noise_removed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedSample:
    """What became of one voice sample."""

    findings: tuple[Finding, ...]
    processed: Waveform | None
    """Cleaned, cut, levelled speech at 24 kHz; None if nothing usable was left."""
    transcript: str
    lang: LangCode | None
    """Heard or given; None if unknown."""
    quality: SampleQuality | None
    rating: float = 0.0
    """How well a voice can be made of it, beside others of the request: the best goes first into the reference."""

    @property
    def is_usable(self) -> bool:
        return self.processed is not None and all(f.severity is not Severity.ERROR for f in self.findings)
