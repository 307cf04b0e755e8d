"""French."""

import re

from myna.text.languages.romance import Romance


class French(Romance):
    """As read in France."""

    def is_feminine(self, noun: str) -> bool:
        return super().is_feminine(noun if noun == "fois" else noun.lower().removesuffix("s"))

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:
        spoken = super().ordinal(number).replace("vingtsième", "vingtième").replace("centsième", "centième")
        return "première" if is_feminine and spoken == "premier" else spoken

    def suffixed(self, number: int, suffix: str) -> str:
        plural = "s" if suffix.endswith("s") else ""
        if suffix.startswith("nd"):
            return ("seconde" if suffix.startswith("nde") else "second") + plural
        return self.ordinal(number, is_feminine=suffix.startswith(("re", "èr"))) + plural

    def agree_with(self, numeral: str, noun: str, *, is_feminine: bool) -> str:  # noqa: ARG002
        return re.sub(r"\bun$", "une", numeral) if is_feminine else numeral

    def elide(self, words: str) -> str:
        return re.sub(r"\bde (?=[aeiou])", "d'", words)

    def say_phone_group(self, group: str) -> str:
        is_pair = len(group) == 2 and group[0] != "0"
        return self.cardinal(int(group)) if is_pair else super().say_phone_group(group)

    def say_phone(self, groups: list[str]) -> str:
        """See `Language`: two digits at a time are numbers."""
        if any(len(group) != 2 for group in groups):
            return super().say_phone(groups)
        return self.join_phone(self.digits(pair) if pair[0] == "0" else self.cardinal(int(pair)) for pair in groups)


LANGUAGE = French
