"""Voice attributes: what a person would say of a voice, as numbers and choices an engine can act on."""

from dataclasses import dataclass

from myna.domain.language import LangCode


@dataclass(frozen=True, slots=True)
class VoiceAttributes:
    """A described voice. Scales run from -1 (much less than usual) over 0 (usual) to 1 (much more)."""

    gender: str = ""
    """`male`, `female`, or empty for either."""
    age_group: str = ""
    """`young`, `middle_aged`, `elderly`, or empty for any."""
    pitch: float = 0.0
    """Low to high."""
    pace: float = 0.0
    """Slow to fast."""
    brightness: float = 0.0
    """Dark and warm to bright and crisp."""
    energy: float = 0.0
    """Calm and even to lively."""
    accent: LangCode | None = None
    """An accent of the language spoken; None for the usual one."""

    def spoken(self, lang: LangCode) -> LangCode:
        """A language as this voice speaks it: in its own accent of it, if it has one."""
        return self.accent if self.accent is not None and self.accent.iso639 == lang.iso639 else lang
