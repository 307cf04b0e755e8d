"""Numbers read in Japanese, in kana: the sound changes (さんびゃく, いっぷん) are in the reading, not in the digits."""

_ONES = ("", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
_HUNDREDS = (
    "", "ひゃく", "にひゃく", "さんびゃく", "よんひゃく", "ごひゃく", "ろっぴゃく", "ななひゃく", "はっぴゃく",
    "きゅうひゃく",
)  # fmt: skip
_THOUSANDS = ("", "せん", "にせん", "さんぜん", "よんせん", "ごせん", "ろくせん", "ななせん", "はっせん", "きゅうせん")
_GROUPS = ("", "まん", "おく", "ちょう")
_BEFORE_TRILLION = {"いち": "いっ", "はち": "はっ", "じゅう": "じゅっ"}
_DAYS = ("", "ついたち", "ふつか", "みっか", "よっか", "いつか", "むいか", "なのか", "ようか", "ここのか", "とおか")
_PEOPLE = {1: "ひとり", 2: "ふたり", 4: "よにん"}
_THINGS = ("", "ひとつ", "ふたつ", "みっつ", "よっつ", "いつつ", "むっつ", "ななつ", "やっつ", "ここのつ")
_MINUTE_ENDINGS = {
    "いち": "いっぷん", "さん": "さんぷん", "よん": "よんぷん", "ろく": "ろっぷん", "はち": "はっぷん",
    "じゅう": "じゅっぷん", "ひゃく": "ひゃっぷん", "びゃく": "びゃっぷん", "ぴゃく": "ぴゃっぷん",
    "せん": "せんぷん", "ぜん": "ぜんぷん",
}  # fmt: skip
DIGITS = ("ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
MAX_CARDINAL = 10**16 - 1
_PLAIN_COUNTERS = {
    "名": "めい", "秒": "びょう", "枚": "まい", "台": "だい", "倍": "ばい", "度": "ど", "番": "ばん", "位": "い",
    "代": "だい", "円": "えん", "部": "ぶ", "段": "だん", "号": "ごう", "号室": "ごうしつ",
    "号車": "ごうしゃ", "号線": "ごうせん", "番地": "ばんち", "列": "れつ", "両": "りょう",
    "畳": "じょう", "羽": "わ", "問": "もん", "面": "めん", "議席": "ぎせき",
    "割": "わり", "行": "ぎょう", "膳": "ぜん",
    "錠": "じょう", "字": "じ", "文字": "もじ", "語": "ご", "話": "わ", "代目": "だいめ", "段階": "だんかい",
    "番線": "ばんせん", "万人": "まんにん", "学期": "がっき",
    "円玉": "えんだま", "円札": "えんさつ", "合": "ごう", "桁": "けた", "条": "じょう",
}  # fmt: skip
_CHANGING_COUNTERS = {
    # reading; which numbers are cut short before it; after those; after three and the like
    "本": ("ほん", "168", "ぽん", "ぼん"),
    "匹": ("ひき", "168", "ぴき", "びき"),
    "杯": ("はい", "168", "ぱい", "ばい"),
    "回": ("かい", "168", "かい", "かい"),
    "階": ("かい", "168", "かい", "がい"),
    "個": ("こ", "168", "こ", "こ"),
    "ページ": ("ページ", "18", "ページ", "ページ"),
    "歳": ("さい", "18", "さい", "さい"),
    "才": ("さい", "18", "さい", "さい"),
    "冊": ("さつ", "18", "さつ", "さつ"),
    "世": ("せい", "18", "せい", "せい"),
    "世紀": ("せいき", "18", "せいき", "せいき"),
    "軒": ("けん", "168", "けん", "げん"),
    "件": ("けん", "168", "けん", "けん"),
    "曲": ("きょく", "168", "きょく", "きょく"),
    "校": ("こう", "168", "こう", "こう"),
    "カ月": ("かげつ", "168", "かげつ", "かげつ"),
    "か月": ("かげつ", "168", "かげつ", "かげつ"),
    "ヶ月": ("かげつ", "168", "かげつ", "かげつ"),
    "ヵ月": ("かげつ", "168", "かげつ", "かげつ"),
    "カ国": ("かこく", "168", "かこく", "かこく"),
    "か国": ("かこく", "168", "かこく", "かこく"),
    "ヶ国": ("かこく", "168", "かこく", "かこく"),
    "カ所": ("かしょ", "168", "かしょ", "かしょ"),
    "か所": ("かしょ", "168", "かしょ", "かしょ"),
    "ヶ所": ("かしょ", "168", "かしょ", "かしょ"),
    "発": ("はつ", "168", "ぱつ", "ぱつ"),
    "泊": ("はく", "168", "ぱく", "ぱく"),
    "敗": ("はい", "168", "ぱい", "ぱい"),
    "票": ("ひょう", "168", "ぴょう", "びょう"),
    "足": ("そく", "18", "そく", "ぞく"),
    "頭": ("とう", "18", "とう", "とう"),
    "等": ("とう", "18", "とう", "とう"),
    "着": ("ちゃく", "18", "ちゃく", "ちゃく"),
    "丁目": ("ちょうめ", "18", "ちょうめ", "ちょうめ"),
    "通": ("つう", "18", "つう", "つう"),
    "社": ("しゃ", "18", "しゃ", "しゃ"),
    "席": ("せき", "18", "せき", "せき"),
    "種類": ("しゅるい", "18", "しゅるい", "しゅるい"),
    "勝": ("しょう", "18", "しょう", "しょう"),
    "周年": ("しゅうねん", "18", "しゅうねん", "しゅうねん"),
    "点": ("てん", "18", "てん", "てん"),
    "章": ("しょう", "18", "しょう", "しょう"),
    "節": ("せつ", "18", "せつ", "せつ"),
    "巻": ("かん", "168", "かん", "かん"),
    "期": ("き", "168", "き", "き"),
    "周": ("しゅう", "18", "しゅう", "しゅう"),
    "週": ("しゅう", "18", "しゅう", "しゅう"),
    "食": ("しょく", "18", "しょく", "しょく"),
    "斤": ("きん", "168", "きん", "ぎん"),
    "升": ("しょう", "18", "しょう", "じょう"),
    "戸": ("こ", "168", "こ", "こ"),
    "画": ("かく", "168", "かく", "かく"),
    "滴": ("てき", "18", "てき", "てき"),
    "色": ("しょく", "18", "しょく", "しょく"),
    "品": ("ひん", "168", "ぴん", "ぴん"),
    "歩": ("ほ", "168", "ぽ", "ぽ"),
    "拍": ("はく", "168", "ぱく", "ぱく"),
    "班": ("はん", "168", "ぱん", "ぱん"),
    "体": ("たい", "18", "たい", "たい"),
    "球": ("きゅう", "168", "きゅう", "きゅう"),
    "級": ("きゅう", "168", "きゅう", "きゅう"),
    "周忌": ("しゅうき", "18", "しゅうき", "しゅうき"),
    "作目": ("さくめ", "18", "さくめ", "さくめ"),
    "トン": ("トン", "18", "トン", "トン"),
    "キロ": ("キロ", "168", "キロ", "キロ"),
    "センチ": ("センチ", "18", "センチ", "センチ"),
    "パーセント": ("パーセント", "18", "パーセント", "パーセント"),
    "ポイント": ("ポイント", "18", "ポイント", "ポイント"),
    "対": ("たい", "18", "たい", "たい"),
    "週間": ("しゅうかん", "18", "しゅうかん", "しゅうかん"),
}
_CUT_SHORT = {
    # ending; in which of the groups above it is; cut short
    "いち": ("1", "いっ"),
    "ろく": ("6", "ろっ"),
    "はち": ("8", "はっ"),
    "じゅう": ("1", "じゅっ"),
    "ひゃく": ("6", "ひゃっ"),
    "びゃく": ("6", "びゃっ"),
    "ぴゃく": ("6", "ぴゃっ"),
}
_VOICING_ENDINGS = ("さん", "せん", "ぜん", "まん")
"""Three, thousands and ten thousands voice what follows, four (よん) does not: せんぼん, よんほん."""
_NATIVE = {
    # what has one and two of Japanese origin
    "組": "くみ", "箱": "はこ", "袋": "ふくろ", "皿": "さら", "口": "くち", "粒": "つぶ", "束": "たば", "切れ": "きれ",
    "坪": "つぼ",
    "晩": "ばん", "部屋": "へや", "棟": "むね", "株": "かぶ", "房": "ふさ", "匙": "さじ", "振り": "ふり",
}  # fmt: skip
_NATIVE_NUMBERS = {1: "ひと", 2: "ふた"}
_TAILS = (
    {"年生": "せい", "年代": "だい", "年度": "ど"}
    | dict.fromkeys("時間 分間 日間 年間 秒間".split(), "かん")
    | dict.fromkeys(
        "日目 年目 回目 人目 番目 つ目 週目 本目 枚目 個目 曲目 話目 周目 件目 台目 点目 "
        "度目 社目 通目 組目 両目 号目 列目 時間目 段目 行目 杯目 発目".split(),
        "め",
    )
)
"""What counters have behind them: how it is said."""
COUNTERS = (*"人時分月日年つ", *_TAILS, *_PLAIN_COUNTERS, *_CHANGING_COUNTERS, *_NATIVE)


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


def spell_counted(number: int, counter: str) -> str:
    """A number with the counter that follows it: `3`, 人 -> さんにん. counter: one of `COUNTERS`."""
    if counter in _TAILS:
        head = "いちにち" if (number, counter[0]) == (1, "日") else spell_counted(number, counter[:-1])
        return head + _TAILS[counter]
    plain = spell_cardinal(number)
    if counter in _NATIVE:
        return _NATIVE_NUMBERS.get(number, plain) + _NATIVE[counter]
    if counter == "人":
        return _PEOPLE.get(number, plain + "にん")
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
        is_yen = counter == "円" and plain.endswith("よん")
        return (plain.removesuffix("ん") if is_yen else plain) + _PLAIN_COUNTERS[counter]
    if counter in _CHANGING_COUNTERS:
        return _join_changing(number, plain, counter)
    return _replace_last_digit(plain, counter) + {"時": "じ", "月": "がつ", "年": "ねん"}[counter]


def _join_changing(number: int, plain: str, counter: str) -> str:
    reading, cut_short, after_cut, after_three = _CHANGING_COUNTERS[counter]
    if counter in "歳才" and number == 20:
        return "はたち"
    for ending, (kind, short) in _CUT_SHORT.items():
        if plain.endswith(ending) and kind in cut_short:
            return plain.removesuffix(ending) + short + after_cut
    return plain + (after_three if plain.endswith(_VOICING_ENDINGS) else reading)


def spell_day(number: int) -> str:
    """A day of the month: `1` -> ついたち."""
    if 0 < number < len(_DAYS):
        return _DAYS[number]
    if number == 20:
        return "はつか"
    if number % 10 == 4:
        return spell_cardinal(number - 4) + "よっか"
    return spell_cardinal(number) + "にち"


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
