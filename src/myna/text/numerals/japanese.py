"""Numbers read in Japanese, in kana: the sound changes (さんびゃく, いっぷん) are in the reading, not in the digits."""

import re

_ONES = ("", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
_HUNDREDS = (
    "", "ひゃく", "にひゃく", "さんびゃく", "よんひゃく", "ごひゃく", "ろっぴゃく", "ななひゃく", "はっぴゃく",
    "きゅうひゃく",
)  # fmt: skip
_THOUSANDS = ("", "せん", "にせん", "さんぜん", "よんせん", "ごせん", "ろくせん", "ななせん", "はっせん", "きゅうせん")
_GROUPS = ("", "まん", "おく", "ちょう")
_BEFORE_TRILLION = {"いち": "いっ", "はち": "はっ", "じゅう": "じゅっ"}
_DAYS = ("", "ついたち", "ふつか", "みっか", "よっか", "いつか", "むいか", "なのか", "ようか", "ここのか", "とおか")
_LATER_DAYS = {17: "じゅうしちにち", 19: "じゅうくにち", 20: "はつか", 27: "にじゅうしちにち", 29: "にじゅうくにち"}
LARGE = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "億": 10**8, "兆": 10**12}
_PEOPLE = {1: "ひとり", 2: "ふたり"}
_YO = ("人", "人前", "人称", "円", "円玉", "円札", "次", "次元", "次会", "次第")
"""Four before these is よ."""
_THINGS = ("", "ひとつ", "ふたつ", "みっつ", "よっつ", "いつつ", "むっつ", "ななつ", "やっつ", "ここのつ")
_MINUTE_ENDINGS = {
    "いち": "いっぷん", "さん": "さんぷん", "よん": "よんぷん", "ろく": "ろっぷん", "はち": "はっぷん",
    "じゅう": "じゅっぷん", "ひゃく": "ひゃっぷん", "びゃく": "びゃっぷん", "ぴゃく": "ぴゃっぷん",
    "せん": "せんぷん", "ぜん": "ぜんぷん",
}  # fmt: skip
DIGITS = ("ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
MAX_CARDINAL = 10**16 - 1
_PLAIN_COUNTERS = dict(
    pair.split("=")
    for pair in """
人=にん 名=めい 秒=びょう 枚=まい 台=だい 倍=ばい 度=ど 番=ばん 位=い 代=だい 円=えん 部=ぶ 段=だん 号=ごう
号室=ごうしつ 号車=ごうしゃ 号線=ごうせん 番地=ばんち 列=れつ 両=りょう 畳=じょう 羽=わ 問=もん 面=めん
議席=ぎせき 割=わり 割引=わりびき 割引き=わりびき 行=ぎょう 膳=ぜん 錠=じょう 字=じ 文字=もじ 語=ご 話=わ
代目=だいめ 段階=だんかい 番線=ばんせん 万人=まんにん 学期=がっき 円玉=えんだま 円札=えんさつ 合=ごう 条=じょう
次=じ 次元=じげん 次会=じかい 人前=にんまえ 人称=にんしょう 塁=るい 塁打=るいだ 輪=りん 尾=び 厘=りん 号機=ごうき
分音符=ぶおんぷ 分休符=ぶきゅうふ 系=けい 銭=せん 号棟=ごうとう""".split()
)
_CUT = {
    "168": """
個口=こぐち
回=かい 個=こ 件=けん 曲=きょく 校=こう カ月=かげつ か月=かげつ ヶ月=かげつ ヵ月=かげつ カ国=かこく か国=かこく
ヶ国=かこく カ所=かしょ か所=かしょ ヶ所=かしょ 巻=かん 期=き 戸=こ 画=かく 球=きゅう 級=きゅう 区=く 館=かん
機=き 基=き 脚=きゃく カ国語=かこくご か国語=かこくご ヶ国語=かこくご""",
    "18": """
室=しつ
ページ=ページ 歳=さい 才=さい 冊=さつ 世=せい 世紀=せいき 頭=とう 等=とう 着=ちゃく 丁目=ちょうめ 通=つう 社=しゃ
席=せき 種類=しゅるい 勝=しょう 周年=しゅうねん 点=てん 章=しょう 節=せつ 周=しゅう 週=しゅう 食=しょく 滴=てき
色=しょく 体=たい 周忌=しゅうき 作目=さくめ 審=しん 死=し 種=しゅ 戦=せん 隻=せき 世帯=せたい 丁=ちょう トン=トン
センチ=センチ パーセント=パーセント ポイント=ポイント 対=たい 週間=しゅうかん""",
    "6t": """
キロ=キロ""",
}
"""Which numbers are cut short before them (a key of `_CUT_SHORT`): counters and how they are said."""
_CHANGING_COUNTERS = {
    # reading; which numbers are cut short before it; after those; after three and the like
    "本": ("ほん", "168", "ぽん", "ぼん"),
    "匹": ("ひき", "168", "ぴき", "びき"),
    "杯": ("はい", "168", "ぱい", "ばい"),
    "階": ("かい", "168", "かい", "がい"),
    "軒": ("けん", "168", "けん", "げん"),
    "発": ("はつ", "168", "ぱつ", "ぱつ"),
    "泊": ("はく", "168", "ぱく", "ぱく"),
    "敗": ("はい", "168", "ぱい", "ぱい"),
    "票": ("ひょう", "168", "ぴょう", "びょう"),
    "足": ("そく", "18", "そく", "ぞく"),
    "斤": ("きん", "168", "きん", "ぎん"),
    "升": ("しょう", "18", "しょう", "じょう"),
    "品": ("ひん", "168", "ぴん", "ぴん"),
    "歩": ("ほ", "168", "ぽ", "ぽ"),
    "拍": ("はく", "168", "ぱく", "ぱく"),
    "班": ("はん", "168", "ぱん", "ぱん"),
    "遍": ("へん", "168", "ぺん", "べん"),
    "編": ("へん", "168", "ぺん", "ぺん"),
    **{
        counter: (said, kinds, said, said)
        for kinds, pairs in _CUT.items()
        for counter, said in (pair.split("=") for pair in pairs.split())
    },
}
_CUT_SHORT = {
    # ending; in which of the groups above it is; cut short
    "いち": ("1", "いっ"),
    "ろく": ("6", "ろっ"),
    "はち": ("8", "はっ"),
    "じゅう": ("1t", "じゅっ"),
    "ひゃく": ("6", "ひゃっ"),
    "びゃく": ("6", "びゃっ"),
    "ぴゃく": ("6", "ぴゃっ"),
}
_VOICING_ENDINGS = ("さん", "せん", "ぜん", "まん")
"""Three, thousands and ten thousands voice what follows, four (よん) does not: せんぼん, よんほん."""
# what has one and two of Japanese origin
_NATIVE = dict(
    pair.split("=")
    for pair in """
組=くみ 箱=はこ 袋=ふくろ 皿=さら 口=くち 粒=つぶ 束=たば 切れ=きれ 坪=つぼ 晩=ばん 部屋=へや 棟=むね 株=かぶ
房=ふさ 匙=さじ 振り=ふり 通り=とおり 言=こと 桁=けた 玉=たま 片=かけ つまみ=つまみ 回り=まわり""".split()
)
_NATIVE_NUMBERS = {1: "ひと", 2: "ふた"}
_TAILS = (
    {"年生": "せい", "年代": "だい", "年度": "ど", "年制": "せい", "年中": "じゅう", "晩中": "じゅう"}
    | dict.fromkeys(
        "人分 日分 年分 か月分 カ月分 ヶ月分 週間分 時間分 回分 食分 個分 本分 枚分 杯分 台分 件分 円分".split(), "ぶん"
    )
    | dict.fromkeys("時間 分間 日間 年間 秒間 か月間 カ月間 ヶ月間 ヵ月間".split(), "かん")
    | dict.fromkeys(
        "日目 年目 回目 人目 番目 つ目 週目 本目 枚目 個目 曲目 話目 周目 件目 台目 点目 "
        "度目 社目 通目 組目 両目 号目 列目 時間目 段目 行目 杯目 発目".split(),
        "め",
    )
)
"""What counters have behind them: how it is said."""
COUNTERS = (*"時分月日年つ", *_TAILS, *_PLAIN_COUNTERS, *_CHANGING_COUNTERS, *_NATIVE)


def spell_cardinal(number: int) -> str:
    """`3600` -> さんぜんろっぴゃく. number: 0 to `MAX_CARDINAL`."""
    if number == 0:
        return "ゼロ"
    spoken, index = "", 0
    while number:
        group = number % 10_000
        if group:
            spoken = _spell_group(group, index) + _GROUPS[index] + spoken
        number //= 10_000
        index += 1
    return spoken


def mixed_value(written: str) -> int:
    """`3万5千` -> 35000. written: digits and powers of ten by turns."""
    total = group = number = 0
    for part in re.findall(r"\d+|\D", written.replace(",", "")):
        if part.isdigit():
            number = int(part)
            continue
        group, number = (group + number * LARGE[part], 0) if part in "十百千" else (group + number, 0)
        if part not in "十百千":
            total, group = total + group * LARGE[part], 0
    return total + group + number


def spell_counted(number: int, counter: str) -> str:
    """A number with the counter that follows it: `3`, 人 -> さんにん. counter: one of `COUNTERS`."""
    if counter in _TAILS:
        head = "いちにち" if (number, counter[0]) == (1, "日") else spell_counted(number, counter[:-1])
        return head + _TAILS[counter]
    plain = spell_cardinal(number)
    if counter in _NATIVE:
        return _NATIVE_NUMBERS.get(number, plain) + _NATIVE[counter]
    if counter == "人" and number in _PEOPLE:
        return _PEOPLE[number]
    if counter == "時" and number == 0:
        return "れいじ"
    if counter == "つ":
        return _THINGS[number] if 0 < number < len(_THINGS) else plain
    if counter == "分":
        for ending, spoken in _MINUTE_ENDINGS.items():
            if plain.endswith(ending):
                return plain.removesuffix(ending) + spoken
        return plain + "ふん"
    if counter == "日":
        return spell_day(number)
    if counter in _PLAIN_COUNTERS:
        is_yo = counter in _YO and plain.endswith("よん")
        return (plain.removesuffix("ん") if is_yo else plain) + _PLAIN_COUNTERS[counter]
    if counter in _CHANGING_COUNTERS:
        return _join_changing(number, plain, counter)
    return _replace_last_digit(plain, counter) + {"時": "じ", "月": "がつ", "年": "ねん"}[counter]


def _join_changing(number: int, plain: str, counter: str) -> str:
    reading, cut_short, after_cut, after_three = _CHANGING_COUNTERS[counter]
    if counter in "歳才" and number == 20:
        return "はたち"
    for ending, (kind, short) in _CUT_SHORT.items():
        if plain.endswith(ending) and set(kind) & set(cut_short):
            return plain.removesuffix(ending) + short + after_cut
    return plain + (after_three if plain.endswith(_VOICING_ENDINGS) else reading)


def spell_day(number: int) -> str:
    """A day of the month: `1` -> ついたち."""
    if 0 < number < len(_DAYS):
        return _DAYS[number]
    if number % 10 == 4:
        return spell_cardinal(number - 4) + "よっか"
    return _LATER_DAYS.get(number) or spell_cardinal(number) + "にち"


def _replace_last_digit(plain: str, counter: str) -> str:
    """よん, なな and きゅう sound otherwise before hours, months and years."""
    changes = {"よん": "よ" if counter in "時年" else "し", "きゅう": "きゅう" if counter == "年" else "く"}
    if counter in "時月":
        changes["なな"] = "しち"
    for ending, spoken in changes.items():
        if plain.endswith(ending):
            return plain.removesuffix(ending) + spoken
    return plain


def _spell_group(group: int, index: int) -> str:
    thousands, hundreds, tens, ones = group // 1000, group // 100 % 10, group // 10 % 10, group % 10
    spoken = _THOUSANDS[thousands] + _HUNDREDS[hundreds]
    spoken += ("じゅう" if tens == 1 else _ONES[tens] + "じゅう") if tens else ""
    spoken += _ONES[ones]
    if index == 1 and group == 1000:
        return "いっせん"
    if index == 3:
        for ending, changed in _BEFORE_TRILLION.items():
            if spoken.endswith(ending):
                return spoken.removesuffix(ending) + changed
    return spoken
