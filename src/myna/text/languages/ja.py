"""Japanese."""

import re
from collections.abc import Iterator

from myna.text.languages.unspaced import Unspaced
from myna.text.languages.words import Forms
from myna.text.letters import spell_letters
from myna.text.numerals import japanese
from myna.text.rules import Rule, compile_rules, words_before

_DAY_SIGNS = dict(zip("月火水木金土日祝", "げつ か すい もく きん ど にち しゅく".split(), strict=True))


class Japanese(Unspaced):
    """See `Language`."""

    counters = japanese.COUNTERS
    numerals = japanese.DIGITS

    def cardinal(self, number: int) -> str:
        return japanese.spell_cardinal(number) if number <= japanese.MAX_CARDINAL else self.digits(str(number))

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:  # noqa: ARG002
        return self.cardinal(number)

    def counted(self, number: int, counter: str) -> str:
        return japanese.spell_counted(number, counter)

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

    def own_rules(self) -> Iterator[Rule]:
        """Dates, days, postcodes, addresses, scores."""
        yield from super().own_rules()
        whole_day = r"(?<![月\d])[1一]日(?=中(?![学央国部旬心])|じゅう)中?(?:じゅう)?"
        how_long = r"[にのあ]?\s?[\d一二三四五六七八九十数何]|あたり|当たり|平均|ずつ|おき|ごと|だけ|も|[前後分休]"
        block = r"(?P<first>\d{1,3})[-−ー](?P<second>\d{1,4})(?![\d-])"
        yield (
            re.compile(rf"(?<=[目])\s?{block}"),
            lambda match: self.say(match["first"]) + self.row + self.say(match["second"]),
        )
        signs = r"[月火水木金土日](?:[・/][月火水木金土日祝])*|祝"
        yield from compile_rules(
            (
                r"〒\s?(?P<area>\d{3})-?(?P<place>\d{4})(?!\d)",
                lambda match: "郵便番号" + self.say_groups(match.groups()),
            ),
            (r"(?<!\d)(?P<number>\d{2,4})(?P<counter>年[代度])", self._read_counted),
            (r"(?<![A-Za-z\d.])(?P<below>B?)(?P<number>[1-9]\d?)F(?![A-Za-z\d])", self._read_floor),
            (whole_day, lambda _: "いちにちじゅう"),
            (rf"(?<![月\d.,十百千])1日(?={how_long})", lambda _: "いちにち"),
            (r"(?<![月一二三四五六七八九十百千〇])一日(?!付)", lambda _: "いちにち"),
            (r"(?<!\d)110番(?!目|[\d])", lambda _: "ひゃくとおばん"),
            # 5月3日(日)
            (rf"(?<=[日\d])(?P<open>[(（])(?P<days>{signs})(?P<close>[)）])", self._read_weekday_sign),
            (r"(?<![\d.-])(?P<first>\d{1,4})[-−ー](?P<second>\d{1,4})(?!\d|-\d)", self._read_pair),
        )

    def _read_counted(self, match: re.Match[str]) -> str:
        return self.counted(int(match["number"]), match["counter"])

    def _read_floor(self, match: re.Match[str]) -> str:
        """ "B1F"; but 華氏90F is no floor."""
        warmth = re.search(r"(?:[気温水室体]温|温度|(?P<name>華氏))[はがも：:\s]*$", words_before(match))
        if warmth:
            return ("" if warmth["name"] else "華氏") + self.counted(int(match["number"]), "度")
        return ("地下" if match["below"] else "") + self.counted(int(match["number"]), "階")

    def _read_pair(self, match: re.Match[str]) -> str | None:
        """ "西新宿2-8" is an address, "3-2で勝った" a score."""
        first, second = (self.say(number) for number in match.groups())
        if re.search(r"[都道府県区市町村郡][^\s、。\d]{0,8}$", words_before(match)):
            return first + self.row + second
        is_score = re.match("で(?:勝|負|敗|引|快|圧|終|下)|の(?:勝|引|敗)", match.string[match.end() :][:3])
        return first + self.ratio + second if is_score else None

    def _read_weekday_sign(self, match: re.Match[str]) -> str:
        spoken = "、".join(_DAY_SIGNS[sign] for sign in re.findall(r"\w", match["days"]))
        return f"{match['open']}{spoken}{match['close']}"

    def counting_rules(self) -> Iterator[Rule]:
        """Counters, and what is no number though it looks like one."""
        yield from super().counting_rules()
        lone = re.compile(r"(?<![A-Za-z'’.&])[A-Z](?![A-Za-z'’&]|\s[a-z]|\.[A-Za-z])")  # A型, 5G
        yield lone, lambda match: spell_letters(match[0], self)

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:
        if match[0].endswith("世"):
            return self.counted(value, "世")
        return self.cardinal(value) if word.endswith("第") else None


LANGUAGE = Japanese
