"""Mandarin."""

import re
from collections.abc import Iterable, Iterator

from myna.text.languages.unspaced import Unspaced
from myna.text.languages.words import Forms
from myna.text.numerals import chinese
from myna.text.rules import DASH, Rule, any_of, words_before

_ONE_SIGN = (
    "时分月日年个位只次人天本张条件种块岁台家倍间辆层名号元级届代份篇首支项点遍句杯瓶克米秒吨升毛角周套双对头匹棵朵把座所栋楼"
    "期等章门页碗盘盒包袋箱桶颗粒滴片根串束架艘场批斤部勺幅封轮集道胜球"
)
_MORE_SIGNS = """
小时 分钟 公里 公斤 千克 千米 厘米 毫米 毫升 星期 年级 季度 世纪 美元 平方米 平方公里 立方米 英里 个月 平米
球员 代人 口人 栋楼
""".split()
_COUNTERS = (*_ONE_SIGN, *_MORE_SIGNS)
_COUNTED_UP = frozenset("月 日 号 级 届 代 层 期 等 楼 章 栋 摄氏度 华氏度 年级 季度 世纪".split())
"""Two of them is 二: the second."""
_SERVICES = r"11[0249]|12[02]|123\d\d|10086(?:11)?|100\d\d|95\d{3}|96\d{3}"
_CALLS = "打 拨 拨打 呼叫 致电 报 叫 电话 热线 客服 联系 火警 匪警 急救 报警".split()
_CALLED = """
民警 警察 消防员 急救车 接线员 出警 热线 电话 客服 平台 报警 急救 指挥中心 救护车 接警 专线 查询 短信 来电 网站
官网
""".split()
_NOT_CALLED = "元 块 个 人 年 月 日 号 米 公里 斤 克 岁 次 分 秒 % ％ 万 亿".split()
_RESULTS = """
结束 收场 告终 告负 输给 胜 获胜 取胜 击败 战胜 险胜 大胜 完胜 领先 落后 战平 逆转 不敌 负于 战成 惨败 惜败
完败 横扫 力克 轻取 拿下 逼平 闷平 握手言和 互交白卷 扳平 反超 夺冠 晋级 小胜 小负 平局 平手 平，
""".split()
_GAME = "比分|半场|全场|点球|加时赛?|[两三四五首末单每]局|[首末]盘|战成"
_LAST_YEAR = 2200
_AMOUNTS = "元 块 美元 公里 斤 万 亿 平方 毫 厘 % ％".split()


class Chinese(Unspaced):
    """See `Language`."""

    counters = _COUNTERS
    day_parts = ("凌晨", "早上", "上午", "中午", "下午", "傍晚", "晚上", "夜里", "次日", "翌日", "第二天", "当晚")
    numerals = tuple(chinese.DIGITS)

    def cardinal(self, number: int) -> str:
        return chinese.spell_cardinal(number) if number <= chinese.MAX_CARDINAL else self.digits(str(number))

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:  # noqa: ARG002
        return f"第{self.cardinal(number)}"

    def year(self, year: int) -> str:
        return self.digits(str(year))

    def day(self, day: int) -> str:
        return self.cardinal(day) + "日"

    def counted(self, number: int, counter: str) -> str:
        return (self.say_two(counter) if number == 2 else self.cardinal(number)) + counter

    def say_count(self, number: int, forms: Forms) -> str:
        noun = self.choose_form(forms, number)
        return self.counted(number, noun)

    def say_two(self, counter: str) -> str:
        return "二" if counter in _COUNTED_UP else "两"

    def say_time(self, hour: int, minute: int, *, is_half_known: bool) -> str:  # noqa: ARG002
        """See `Language`: 两点零五分."""
        minutes = f"{'零' if minute < 10 else ''}{self.cardinal(minute)}分" if minute else ""
        return self.counted(hour, "点") + minutes

    def own_rules(self) -> Iterator[Rule]:
        """Dates, and mobile numbers, which are written without gaps."""
        yield from super().own_rules()
        mobile = r"(?<!\d)(?P<a>1[3-9]\d)(?P<b>\d{4})(?P<c>\d{4})(?!\d)"
        yield re.compile(mobile), lambda match: self.say_phone(list(match.groups()))

        # the numbers of services: beside a word that says so, and beside each other
        service = rf"(?<![\d.,])(?:{_SERVICES})(?!\d|[.,]\d|{any_of(_NOT_CALLED)})"
        called = rf"{service}(?:(?=[\u4e00-\u9fff]{{0,3}}(?:{any_of(_CALLED)}))|(?=\s?[或和与、/]\s?{service}))"
        yield re.compile(rf"{called}|(?<=[或和与、/]){service}"), lambda match: self.say_code(match[0])
        cue = re.compile(rf"(?:{any_of(_CALLS)})\s?[了过]?(?:[一二两三四五六七八九十几]+[次遍个])?$")
        yield re.compile(service), lambda match: self.say_code(match[0]) if cue.search(words_before(match)) else None
        score = r"(?<![\d.-])(?P<first>\d{1,3})-(?P<second>\d{1,3})"
        results = rf"{any_of(_RESULTS)}|平(?![方米均])|[（(]\d{{1,3}}-\d"
        result = rf"(?=(?:[、，]\d{{1,3}}-\d{{1,3}}){{0,8}}(?:{results}))|(?<=[队比分]\d-\d)(?!\d)"
        yield re.compile(rf"{score}(?:{result})"), self._read_score
        # the sets of a match, behind its score: 3-2（25-23、22-25...）
        sets = re.compile(
            rf"\d-\d{{1,3}}[（(][\d、，, -]*$|(?:{_GAME})[^\d，。]{{0,3}}(?:\d{{1,3}}-\d{{1,3}}[、，/])*$"
        )
        # ranges ascend: 1-0, and the other sets of 11-7、9-11
        row = re.compile(r"\d{1,3}-\d{1,3}(?:[、，/ ]{1,2}\d{1,3}-\d{1,3}){0,8}(?![\d.-]|[号室栋单楼幢层座])")
        alone = rf"{score}(?![\d.-]|(?:{any_of(self.counters)})(?<!日(?=本)))"
        yield (
            re.compile(alone),
            lambda match: (
                self._read_score(match) if sets.search(words_before(match)) or self._descends(match, row) else None
            ),
        )
        # years without 年
        year, span = r"(?:18|19|20)\d\d", rf"(?:{DASH}|/)"
        amount = any_of({*self.counters, *_AMOUNTS} - {"届"})
        pattern = rf"(?<!\d)(?P<first>{year}){span}(?P<second>{year})(?!\d|[.,]\d|{amount})"
        yield re.compile(pattern), self._read_span
        short = rf"(?<!\d)(?P<first>{year})(?:{DASH}|/)(?P<second>\d\d)(?=赛季|学年|财年|年度|跨年)"
        yield re.compile(short), lambda match: self.to.join(self.digits(part) for part in match.groups())
        month = r"\.(?:0?[1-9]|1[0-2])"
        months = rf"(?<![\d.])(?P<y>{year})\.(?P<m>0?[1-9]|1[0-2]){DASH}(?={year}{month}(?![\d.]))"
        yield re.compile(months), lambda match: self._read_month(match) + self.to
        yield re.compile(rf"(?<=[-–—~〜～－])(?P<y>{year})\.(?P<m>0?[1-9]|1[0-2])(?![\d.])"), self._read_month
        # one of several, or beside what only years have
        behind = r"[届级版款]|赛季|学年|财年|至今|Q[1-4]|.{0,2}(?:世界杯|奥运|世博|亚运)"
        behind += rf"|(?:[、和与至到或]{year}){{1,8}}年"
        before = r"(?<=[《（〔(]){y}(?=[》）〕)太年])|(?:(?<=生于)|(?<=卒于)|(?<=始于)|(?<=建于)|(?<=成立于)){y}"
        named = rf"(?<!\d){year}(?={behind})|{before.format(y=year)}(?!\d)"
        yield re.compile(named), lambda match: self.digits(match[0])

    def _read_month(self, match: re.Match[str]) -> str:
        """ "2022.9" """
        return self.date_year(int(match["y"])) + self.months[int(match["m"]) - 1]

    def _read_span(self, match: re.Match[str]) -> str | None:
        if match["first"] >= match["second"]:
            return None
        return f"{self.digits(match['first'])}{self.to}{self.digits(match['second'])}"

    def _descends(self, match: re.Match[str], row: re.Pattern[str]) -> bool:
        """Whether one of the pairs beside it has the larger number first."""
        before = re.search(r"(?:\d{1,3}-\d{1,3}[、，/ ]{1,2})*$", words_before(match))
        found = row.match(match.string, match.start() - len(before[0] if before else ""))
        pairs = re.findall(r"(\d+)-(\d+)", found[0]) if found else []
        return any(int(first) >= int(second) for first, second in pairs) and "=" not in match.string[match.end() :][:3]

    def _read_score(self, match: re.Match[str]) -> str:
        return self.ratio.join(self.say(number) for number in match.groups())

    def date_year(self, year: int) -> str:
        """See `Language`. 3000年 lasts so long."""
        return f"{self.cardinal(year) if year > _LAST_YEAR or year == 1000 else self.digits(str(year))}年"

    def say_pairs(self, digits: str) -> str:
        return self.digits(digits)

    def say_code(self, digits: str) -> str:
        """See `Language`. As on the telephone."""
        return self.say_digits(digits).replace("一", "幺")

    def counting_rules(self) -> Iterator[Rule]:
        ordinal = re.compile(rf"第(?P<number>\d{{1,16}})(?P<counter>{any_of(self.counters)})")
        yield ordinal, lambda match: self.ordinal(int(match["number"])) + match["counter"]
        yield from super().counting_rules()

    def join_phone(self, spoken: Iterable[str]) -> str:
        """On the telephone one is yāo, which cannot be taken for seven."""
        return super().join_phone(spoken).replace("一", "幺")

    def say_king(self, value: int, name: str) -> str:  # noqa: ARG002
        return self.cardinal(value) + "世"

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:
        is_ruler = word.endswith(self.kings) and not match.string.startswith("世", match.end())
        return self.cardinal(value) + ("世" if is_ruler else "")


LANGUAGE = Chinese
