"""Japanese."""

import re
from collections.abc import Iterator

from myna.text.languages.unspaced import Unspaced
from myna.text.languages.words import Forms
from myna.text.numerals import japanese
from myna.text.rules import Rule, any_of, compile_rules, words_before

_ERAS = {"R": "令和", "H": "平成", "S": "昭和"}
_DAY_SIGNS = dict(zip("月火水木金土日祝", "げつ か すい もく きん ど にち しゅく".split(), strict=True))


_RESULT = re.compile(
    r"(?:[、,]\s?\d+-\d+|[（(]\d+-\d+[)）]){0,8}"
    "(?:[でのと]|から)(?:[勝負敗引快圧終下逆大競完辛惜先延同]|リード|サヨナラ|[一-龥ァ-ヶ]{1,6}が)"
)


class Japanese(Unspaced):
    """See `Language`."""

    counters = japanese.COUNTERS
    day_parts = ("午前", "午後", "翌", "正午", "深夜", "早朝")
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

    def own_rules(self) -> Iterator[Rule]:
        """Dates, days, postcodes, addresses, scores."""
        yield from super().own_rules()
        how_long = (
            r"[にのあ]?\s?[\d一二三四五六七八九十数何]|あたり|当たり|平均|ずつ|おき|ごと|だけ|も|がかり|で(?!す|し|あ)|ばかり|以上|以内"
            "|[前後休遅早乗限券署体延単過]|フリー|パス|がんばっ|お疲れ"
        )
        one_day = r"丸|まる|たった|あと|もう|わずか|ほんの|約|残り|最大|[いな]|中"
        block = r"(?P<first>\d{1,3})[-−ー](?P<second>\d{1,4})(?![\d-])"
        yield (
            re.compile(rf"(?<=[目])\s?{block}"),
            lambda match: self.say(match["first"]) + self.row + self.say(match["second"]),
        )
        signs = r"[月火水木金土日](?:[・/][月火水木金土日祝])*|祝"
        counters, units = any_of(self.counters), any_of(self.units)
        date = r"(?P<y>\d{1,2})\.(?P<month>\d{1,2})\.(?P<day>\d{1,2})(?![\d.])"
        clock = r"(?P<h>[01]?\d|2[0-3])[:：](?P<min>[0-5]\d)"
        kanji = "[一-龥]"
        yield from compile_rules(
            (
                r"〒\s?(?P<area>\d{3})-?(?P<place>\d{4})(?!\d)",
                lambda match: "郵便番号" + self.say_groups(match.groups()),
            ),
            # 3万5千円, 1.5億人, 37万km²
            (
                rf"(?<![\d.,])(?P<mixed>\d[\d,]{{0,5}}[兆億万千百](?:[兆億万]|\d[\d,]{{0,5}}[兆億万千百]){{0,8}}(?:\d[\d,]{{0,5}})?)"
                rf"(?:(?P<counter>{counters})|\s?(?P<unit>{units})(?![A-Za-z]))?",
                self._read_mixed,
            ),
            (
                rf"(?<![\d.,])(?P<number>\d{{1,4}}\.\d{{1,3}})(?P<large>[兆億万])(?P<counter>{counters})?",
                self._read_large,
            ),
            (rf"(?<![A-Za-z])(?P<era>[RHS]){date}", self._read_era),
            (r"(?<!\d)(?P<number>\d{2,4})(?P<counter>年[代度])", self._read_counted),
            (r"(?<![A-Za-z\d.])(?P<below>B?)(?P<number>[1-9]\d?)F(?![A-Za-z\d])", self._read_floor),
            (r"(?<![月\d])[1一]日(?=中(?![学央国部旬心])|じゅう)中?(?:じゅう)?", lambda _: "いちにちじゅう"),
            (rf"(?<![月\d.,十百千])1日(?={how_long})", lambda _: "いちにち"),
            *((rf"(?<={word})1日(?!から|[まよ]|付)", lambda _: "いちにち") for word in one_day.split("|")),
            (r"(?<![月一二三四五六七八九十百千〇])一日(?!付)", lambda _: "いちにち"),
            (r"(?<!\d)110番(?!目|[\d])", lambda _: "ひゃくとおばん"),
            (
                rf"何(?P<large>[十百千万])?(?P<counter>{counters})?(?<!何)(?<!何[色語等口言目片つ])(?<!何時(?=も))",
                self._read_how_many,
            ),
            # 5月3日(日), (土); 月・水・金
            (rf"(?P<open>[(（])(?P<days>{signs})(?P<close>[)）])", self._read_weekday_sign),
            (
                rf"(?<!{kanji})(?P<open>)(?P<days>[月火水木金土日](?:・[月火水木金土日祝])+)(?P<close>)(?!{kanji}(?<!休))",
                self._read_weekday_sign,
            ),
            (r"(?<![\d/])(?P<day>\d{1,2})(?=[(（][月火水木金土日][・)）])", lambda match: self.day(int(match["day"]))),
            # 10:00〜, 〜18:00, 東京〜大阪
            (r"(?<=[\d日時分月年円名人個歳回)）])[〜～](?!\s?[-−\d])", lambda _: self.to),
            (rf"(?<![^\s(（「、。])[〜～]\s?{clock}", lambda match: self._read_clock(match) + "まで"),
            (rf"(?<={kanji})[〜～](?={kanji})(?![^〜～\n]*[〜～])", lambda _: self.to),
            (r"(?<![\d.-])(?P<first>\d{1,4})[-−ー](?P<second>\d{1,4})(?!\d|-\d)", self._read_pair),
        )

    def say(self, written: str) -> str:
        """See `Language`: いってんご."""
        whole, fraction = self.split(written)
        return self.counted(whole, "点") + self.decimals(fraction) if fraction else super().say(written)

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
        return _ERAS[match["era"]] + date if date else None

    def _read_clock(self, match: re.Match[str]) -> str:
        return self.say_time(int(match["h"]), int(match["min"]), is_half_known=False)

    def _read_floor(self, match: re.Match[str]) -> str:
        """ "B1F"; but 華氏90F is no floor."""
        warmth = re.search(r"(?:[気温水室体]温|温度|(?P<name>華氏))[はがも：:\s]*$", words_before(match))
        if warmth:
            return ("" if warmth["name"] else "華氏") + self.counted(int(match["number"]), "度")
        return ("地下" if match["below"] else "") + self.counted(int(match["number"]), "階")

    def _read_pair(self, match: re.Match[str]) -> str | None:
        """ "西新宿2-8" is an address, "3-2で勝った" a score."""
        first, second = (self.say(number) for number in match.groups())
        before = words_before(match)
        if re.search(r"[都道府県区市町村郡](?:[^\s、。\d]|\d{1,2}条){0,8}$", before):
            return first + self.row + second
        behind = match.string[match.end() :][:2]
        is_told = _RESULT.match(match.string, match.end()) or re.search(
            r"(?:スコア|得点)[はが、：:]?$|\d-\d+[（(]$", before
        )
        # 巨人6-3阪神
        is_game = re.search("[一-龥ァ-ヶ]{2}$", before) and re.match("(?![番号丁階室棟])[一-龥ァ-ヶA-Za-z]{2}", behind)
        is_score = is_told or (is_game and int(match["first"]) >= int(match["second"]))
        return first + self.ratio + second if is_score else None

    def _read_weekday_sign(self, match: re.Match[str]) -> str:
        spoken = ("、" if match["open"] else "・").join(_DAY_SIGNS[sign] for sign in re.findall(r"\w", match["days"]))
        return f"{match['open']}{spoken}{match['close']}"

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:
        if match[0].endswith("世"):
            return self.counted(value, "世")
        is_part = word.endswith("第") or re.match("[型度期類部章]", match.string[match.end() :]) is not None
        # ドラゴンクエストXI
        return self.cardinal(value) if is_part or re.search("[ァ-ヺー]$", word) else None


LANGUAGE = Japanese
