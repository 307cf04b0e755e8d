"""Portuguese."""

import re

from myna.text.languages.romance import Romance


class Portuguese(Romance):
    """As read in Brazil."""

    def agree_with(self, numeral: str, noun: str, *, is_feminine: bool) -> str:  # noqa: ARG002
        """See `Romance`."""
        if not is_feminine:
            return numeral
        numeral = re.sub(r"(?<=\w)entos\b", "entas", numeral)
        return re.sub(r"\bum$", "uma", re.sub(r"\bdois$", "duas", numeral))


LANGUAGE = Portuguese
