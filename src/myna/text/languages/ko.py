"""Korean."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import Rule

_HOURS = "영 한 두 세 네 다섯 여섯 일곱 여덟 아홉 열 열한 열두".split()
"""To noon hours have numerals of their own."""


class Korean(Language):
    """See `Language`."""

    def own_rules(self) -> Iterator[Rule]:
        """Months, of which the sixth and the tenth are not said as their numbers are."""
        yield re.compile(r"(?<!\d)(?P<month>1[0-2]|0?[1-9])월"), lambda match: self.months[int(match["month"]) - 1]

    def say_time(self, hour: int, minute: int, *, is_half_known: bool) -> str:  # noqa: ARG002
        hours = f"{_HOURS[hour] if hour < len(_HOURS) else self.cardinal(hour)} 시"
        return f"{hours} {self.cardinal(minute)} 분" if minute else hours


LANGUAGE = Korean
