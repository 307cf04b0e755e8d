"""Spanish."""

import re

from myna.text.languages.romance import Romance


class Spanish(Romance):
    """As read in Spain."""

    def suffixed(self, number: int, suffix: str) -> str:
        spoken = super().suffixed(number, suffix)
        return spoken.removesuffix("o") if suffix.endswith("er") else spoken

    def part(self, number: int) -> str:
        """See `Romance`: "dieciseisavo"."""
        words = self.cardinal(number).replace(" y ", "i")
        return "centésimo" if number == 100 else words.translate(str.maketrans("áéíóú", "aeiou")) + "avo"

    def ordinal_before(self, number: int, noun: str) -> str:
        """See `Language`: "tercer congreso"."""
        return re.sub(r"\b(primer|tercer)o$", r"\1", super().ordinal_before(number, noun))

    def agree_with(self, numeral: str, noun: str, *, is_feminine: bool) -> str:  # noqa: ARG002
        if is_feminine:
            numeral = re.sub(r"(?<=\w)cientos\b|quinientos\b", lambda match: match[0][:-2] + "as", numeral)
        if numeral.endswith("veintiuno"):
            return numeral.removesuffix("uno") + ("una" if is_feminine else "ún")
        return re.sub(r"\buno$", "una" if is_feminine else "un", numeral)


LANGUAGE = Spanish
