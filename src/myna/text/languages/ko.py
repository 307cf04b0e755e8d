"""Korean."""

from myna.text.languages.language import Language

_HOURS = "영 한 두 세 네 다섯 여섯 일곱 여덟 아홉 열 열한 열두".split()
"""To noon hours have numerals of their own."""


class Korean(Language):
    """See `Language`."""

    def say_time(self, hour: int, minute: int, *, is_half_known: bool) -> str:  # noqa: ARG002
        hours = f"{_HOURS[hour] if hour < len(_HOURS) else self.cardinal(hour)} 시"
        return f"{hours} {self.cardinal(minute)} 분" if minute else hours


LANGUAGE = Korean
