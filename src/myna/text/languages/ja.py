"""Japanese."""

import re

from myna.text.languages.unspaced import Unspaced
from myna.text.languages.words import Forms
from myna.text.numerals import japanese
from myna.text.rules import words_before


class Japanese(Unspaced):
    """See `Language`."""

    counters = japanese.COUNTERS
    numerals = japanese.DIGITS

    def cardinal(self, number: int) -> str:
        return japanese.spell_cardinal(number) if number <= japanese.MAX_CARDINAL else self.digits(str(number))

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:  # noqa: ARG002
        return self.cardinal(number)

    def counted(self, number: int, counter: str) -> str:
        is_known = number <= japanese.MAX_CARDINAL
        return japanese.spell_counted(number, counter) if is_known else self.digits(str(number)) + counter

    def say_count(self, number: int, forms: Forms) -> str:
        """See `Language`: よえん."""
        noun = self.choose_form(forms, number)
        return self.counted(number, "円") if noun == "えん" else self.cardinal(number) + noun

    def date_year(self, year: int) -> str:
        return japanese.spell_counted(year, "年")

    def day(self, day: int) -> str:
        return japanese.spell_day(day)

    def say_time(self, hour: int, minute: int, *, is_half_known: bool) -> str:  # noqa: ARG002
        return self.counted(hour, "時") + (self.counted(minute, "分") if minute else "")

    def say_chapter(self, book: str, chapter: str) -> str:
        return book + self.counted(int(chapter), "編" if book.startswith("詩") else "章")

    def say_verses(self, first: str, half: str, last: str | None) -> str:
        verses = [self.cardinal(int(first)), "から", last] if last else [first]
        return "".join(verses[:-1]) + self.counted(int(verses[-1]), "節") + half.upper()

    def _read_day(self, match: re.Match[str]) -> str:
        return self.day(int(match["day"]))

    def say(self, written: str) -> str:
        """See `Language`: いってんご."""
        whole, fraction = self.split(written)
        return self.counted(whole, "点") + self.decimals(fraction) if fraction else super().say(written)

    def _read_alike(self, match: re.Match[str]) -> str:
        """ "路地には人気がない": the rarer reading, where its neighbours are there."""
        return self.tables["alike"][match[0]]

    def _read_mixed(self, match: re.Match[str]) -> str:
        value = japanese.mixed_value(match["mixed"])
        if match["counter"]:
            return self.counted(value, match["counter"])
        return self.cardinal(value) + (self.units[match["unit"]]["other"] if match["unit"] else "")

    def _read_how_many(self, match: re.Match[str]) -> str:
        """ "何百本": as three of them, where sounds change."""
        counter, number = match["counter"] or "", 3 * japanese.LARGE.get(match["large"] or "", 1)
        if match[0] == "何日":
            return "なんにち"
        return "なん" + (self.counted(number, counter) if counter else self.cardinal(number)).removeprefix("さん")

    def _read_large(self, match: re.Match[str]) -> str:
        tail = self.counted(10_000, match["counter"]).removeprefix("いちまん") if match["counter"] else ""
        return self.say(match["number"]) + self.magnitudes[match["large"]] + tail

    def _read_era(self, match: re.Match[str]) -> str | None:
        """ "R6.5.1" """
        date = self.say_date(int(match["y"]), int(match["month"]), int(match["day"]))
        return self.tables["eras"][match["era"]] + date if date else None

    def _read_until(self, match: re.Match[str]) -> str:
        return self.say_time(int(match["h"]), int(match["min"]), is_half_known=False) + "まで"

    def _read_floor(self, match: re.Match[str]) -> str:
        """ "B1F"; but 華氏90F is no floor."""
        warmth = re.search(r"(?:[気温水室体]温|温度|(?P<name>華氏))[はがも：:\s]*$", words_before(match))
        if warmth:
            return ("" if warmth["name"] else "華氏") + self.counted(int(match["number"]), "度")
        return ("地下" if match["below"] else "") + self.counted(int(match["number"]), "階")

    def _read_pair(self, match: re.Match[str]) -> str | None:
        """ "西新宿2-8" is an address, "3-2で勝った" a score."""
        first, second = (self.say(number) for number in match.groups())
        before, behind = words_before(match), match.string[match.end() :]
        if self.finds("place", before):
            return first + self.row + second
        is_told = self.finds("result", behind) or self.finds("told", before)
        # 巨人6-3阪神
        is_game = self.finds("team", before) and self.finds("other_team", behind)
        is_score = is_told or (is_game and int(match["first"]) >= int(match["second"]))
        return first + self.ratio + second if is_score else None

    def _read_weekday_sign(self, match: re.Match[str]) -> str:
        signs = self.tables["day_signs"]
        spoken = ("、" if match["open"] else "・").join(signs[sign] for sign in re.findall(r"\w", match["days"]))
        return f"{match['open']}{spoken}{match['close']}"

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:
        if match[0].endswith("世"):
            return self.counted(value, "世")
        is_part = word.endswith("第") or re.match("[型度期類部章]", match.string[match.end() :]) is not None
        # ドラゴンクエストXI
        return self.cardinal(value) if is_part or re.search("[ァ-ヺー]$", word) else None


LANGUAGE = Japanese
