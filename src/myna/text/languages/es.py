"""Spanish."""

import re

from myna.text.languages.romance import Romance


class Spanish(Romance):
    """As read in Spain."""

    def cardinal(self, number: int) -> str:
        """See `Language`: "cuarenta y un mil"."""
        return re.sub(
            r"\b(veinti)?uno(?= mil)", lambda match: "veintiún" if match[1] else "un", super().cardinal(number)
        )

    def say_half(self, half: str, hour: int) -> str:
        """See `Language`."""
        if half.startswith("p"):
            return "del mediodía" if hour == 12 else "de la noche" if hour > 8 else "de la tarde"
        return "de la noche" if hour == 12 else "de la madrugada" if hour < 6 else "de la mañana"

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:
        own = {11: "undécimo", 12: "duodécimo"}.get(number)
        if own is None:
            return super().ordinal(number, is_feminine=is_feminine)
        return own[:-1] + "a" if is_feminine else own

    def suffixed(self, number: int, suffix: str) -> str:
        if suffix.endswith("s"):
            return self.ordinal(number, is_feminine=suffix.endswith("as")) + "s"
        spoken = super().suffixed(number, suffix)
        return spoken.removesuffix("o") if suffix.endswith("er") else spoken

    def part(self, number: int) -> str:
        """See `Romance`: "dieciseisavo"."""
        words = self.cardinal(number).replace(" y ", "i")
        return {100: "centésimo", 1000: "milésimo"}.get(number) or words.translate(
            str.maketrans("áéíóú", "aeiou")
        ) + "avo"

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
