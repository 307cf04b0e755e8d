"""Numbers read in Japanese, in kana: the sound changes (さんびゃく, いっぷん) are in the reading, not in the digits."""

_ONES = ("", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
_HUNDREDS = (
    "",
    "ひゃく",
    "にひゃく",
    "さんびゃく",
    "よんひゃく",
    "ごひゃく",
    "ろっぴゃく",
    "ななひゃく",
    "はっぴゃく",
    "きゅうひゃく",
)
_THOUSANDS = ("", "せん", "にせん", "さんぜん", "よんせん", "ごせん", "ろくせん", "ななせん", "はっせん", "きゅうせん")
_GROUPS = ("", "まん", "おく", "ちょう")
_BEFORE_TRILLION = {"いち": "いっ", "はち": "はっ", "じゅう": "じゅっ"}
_DAYS = ("", "ついたち", "ふつか", "みっか", "よっか", "いつか", "むいか", "なのか", "ようか", "ここのか", "とおか")
_PEOPLE = {1: "ひとり", 2: "ふたり", 4: "よにん"}
_THINGS = ("", "ひとつ", "ふたつ", "みっつ", "よっつ", "いつつ", "むっつ", "ななつ", "やっつ", "ここのつ")
_MINUTE_ENDINGS = {
    "いち": "いっぷん",
    "さん": "さんぷん",
    "よん": "よんぷん",
    "ろく": "ろっぷん",
    "はち": "はっぷん",
    "じゅう": "じゅっぷん",
}
DIGITS = ("ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
MAX_CARDINAL = 10**16 - 1
COUNTERS = "人時分月日年つ"


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
    plain = spell_cardinal(number)
    if counter == "人":
        return _PEOPLE.get(number, plain + "にん")
    if counter == "つ":
        return _THINGS[number] if 0 < number < len(_THINGS) else plain
    if counter == "分":
        for ending, spoken in _MINUTE_ENDINGS.items():
            if plain.endswith(ending):
                return plain.removesuffix(ending) + spoken
        return plain + "ふん"
    if counter == "日":
        return spell_day(number)
    return _replace_last_digit(plain, counter) + {"時": "じ", "月": "がつ", "年": "ねん"}[counter]


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
