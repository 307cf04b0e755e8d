"""Spanish."""

import re

from myna.text.languages.romance import Romance


class Spanish(Romance):
    """As read in Spain."""

    def suffixed(self, number: int, suffix: str) -> str:
        spoken = super().suffixed(number, suffix)
        return spoken.removesuffix("o") if suffix == "er" else spoken

    def agree_with(self, numeral: str, noun: str, *, is_feminine: bool) -> str:  # noqa: ARG002
        if is_feminine:
            numeral = re.sub(r"(?<=\w)cientos\b|quinientos\b", lambda match: match[0][:-2] + "as", numeral)
        if numeral.endswith("veintiuno"):
            return numeral.removesuffix("uno") + ("una" if is_feminine else "ún")
        return re.sub(r"\buno$", "una" if is_feminine else "un", numeral)


LANGUAGE = Spanish
