"""French: the words of a lexicon, and the consonants that are only heard before a vowel.

Source of the liaisons: Delattre, La liaison en français (1947), the obligatory ones.
"""

import re
from collections.abc import Sequence

from myna.engines.kokoro.phonemes.lexicon import GruutLexicon
from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.symbols import STRESS_MARKS, strip_stress

_UNSTRESSED = frozenset(
    "le la les un une des de du au aux à en et ou je tu il elle on nous vous ils elles me te se ce que qui ne y sur "
    "par pour dans avec mon ton son ma ta sa mes tes ses nos vos leur leurs cet cette ces si est sont a ai ont".split()
)
_LINKING = {
    "z": frozenset(
        "les des ces mes tes ses nos vos leurs aux ils elles nous vous deux trois six dix plusieurs quels quelles dans "
        "cents vingts sans sous chez très plus moins quelques certains autres petits grands bons beaux".split()
    ),
    "n": frozenset("un on mon ton son en bien rien aucun".split()),
    "t": frozenset(
        "est sont ont petit grand quand tout cet vont était étaient avaient avait font peut vingt cent".split()
    ),
}
_BEFORE_VOWELS = {
    "bon": "bˈɔn", "premier": "pʁəmjˈɛʁ", "dernier": "dɛʁnjˈɛʁ", "ancien": "ɑ̃sjˈɛn", "certain": "sɛʁtˈɛn",
    "plein": "plˈɛn", "prochain": "pʁɔʃˈɛn", "moyen": "mwajˈɛn",
}  # fmt: skip
"""Adjectives that sound as their feminine there."""
_FIXED = {
    ("comment", "allez"): "t", ("états", "unis"): "z", ("nations", "unies"): "z", ("champs", "élysées"): "z",
    ("temps", "en"): "z", ("pot", "au"): "t", ("nez", "à"): "z", ("mot", "à"): "t", ("pas", "à"): "z",
    ("accent", "aigu"): "t", ("arts", "et"): "z", ("ponts", "et"): "z", ("jeux", "olympiques"): "z",
}  # fmt: skip
"""Where it is only heard between these two."""
_CONSONANT_OF = {word: consonant for consonant, words in _LINKING.items() for word in words}
_VOWELS = frozenset("aeiouyàâäéèêëîïôöùûüœæh")
_ASPIRATED = (
    "haut hauteur haine haïr halle halte hamac hanche handicap hangar hanter harceler hardi haricot harpe hasard hâte "
    "hausse héros hérisson hernie heurt hibou hideux hiérarchie hisser hobby hockey hollande homard hongrie honte hors "
    "housse huit hurler hutte onze oui yaourt yacht ouistiti"
).split()
_DIGITS = frozenset("deux trois quatre cinq six sept huit neuf".split())
_UNITS = {"un", "une", "onze", "huit"}
"""Behind hundreds and eighty nothing is linked to them: "cent un", "quatre-vingt-un"."""
_ALONE = {"six": "sˈis", "dix": "dˈis"}
"""Without a noun behind them."""
_NO_NOUNS = frozenset("virgule plus moins point égale sur à".split())
_PRONOUNS = frozenset("il elle on ils elles".split())
"""After a verb ("vient-il") its final t or d is heard."""
_NEVER_LINKED = frozenset("et comment maintenant souvent avant pendant pourtant tant autant".split())
_FOREIGN_SOUNDS = frozenset("ɹθðɒɪʊʌɜɐhxɬAIOQWY")
"""The table reads what it takes for English or another language with sounds of that language."""
_NEAREST = str.maketrans(
    {
        "ɹ": "ʁ", "r": "ʁ", "θ": "t", "ð": "d", "ɒ": "ɔ", "ɪ": "i", "ʊ": "u", "ʌ": "œ", "ɜ": "œ", "ɐ": "a", "h": "",
        "x": "k", "ɬ": "l", "ː": "", "A": "e", "I": "aj", "O": "o", "Q": "o", "W": "aw", "Y": "ɔj",
    }
)  # fmt: skip
_IRREGULAR = dict(
    pair.split("=")
    for pair in (
        "agen=aʒˈɛ̃ aisne=ˈɛn alès=alˈɛs annecy=ansˈi antibes=ɑ̃tˈib arras=aʁˈas auxerre=osˈɛʁ "
        "auxerrois=osɛʁwˈa auxerroise=osɛʁwˈaz auxois=oswˈa auxonne=osˈɔn brieuc=bʁijˈø bruxelles=bʁysˈɛl "
        "bruxellois=bʁysɛlwˈa bruxelloise=bʁysɛlwˈaz bruxelloises=bʁysɛlwˈaz camus=kamˈy chamonix=ʃamonˈi "
        "chantilly=ʃɑ̃tijˈi descartes=dekˈaʁt doubs=dˈu email=imˈɛl exupéry=ɛɡzypeʁˈi fils=fˈis fos=fˈɔs "
        "gers=ʒˈɛʁs gérardmer=ʒeʁaʁmˈe issoudun=isudˈœ̃ lens=lˈɑ̃s mans=mˈɑ̃ metz=mˈɛs michaël=mikaˈɛl "
        "millau=mijˈo molsheim=mɔlsˈɛm mons=mˈɔ̃s nancy=nɑ̃sˈi orly=ɔʁlˈi oyonnax=ojonˈa persil=pɛʁsˈi "
        "aspect=aspˈɛ aspects=aspˈɛ respect=ʁɛspˈɛ respects=ʁɛspˈɛ suspect=syspˈɛ suspects=syspˈɛ sourcil=suʁsˈi "
        "sourcils=suʁsˈi instinct=ɛ̃stˈɛ̃ instincts=ɛ̃stˈɛ̃ "
        ""
        "porc=pˈɔʁ porcs=pˈɔʁ pézenas=pezənˈas quimper=kɛ̃pˈɛʁ reims=ʁˈɛ̃s rhône=ʁˈon rodez=ʁodˈɛz "
        "rouen=ʁwˈɑ̃ samoëns=samwˈɛ̃ saëns=sˈɑ̃s schaerbeek=skaʁbˈek staël=stˈal suresnes=syʁˈɛn taon=tˈɑ̃ "
        "taons=tˈɑ̃ troyes=tʁwˈa uzès=yzˈɛs villers=vilˈɛʁ zurich=zyʁˈik"
    ).split()
)
"""Where neither table nor model is right: names of places above all."""
_PLURALS = ("es", "és", "cs", "ds", "ls", "ns", "ps", "rs", "ts", "ux")
"""Unknown words with these endings are looked up without the last letter, which is silent."""
_SOUNDED_Z = re.compile("[aàâeéèêiîoôuûyœ][sz]es?$")
_ALL_BEFORE = frozenset("les des ces mes tes ses nos vos leurs ceux deux trois quatre".split())
_LAST_VOWEL = re.compile("[aeiouyøœɔɛɑ](?=[^aeiouyøœɔɛɑ]*$)")
_ELIDED = {"l": "l", "d": "d", "j": "ʒ", "n": "n", "m": "m", "t": "t", "s": "s", "c": "s", "qu": "k"}


class FrenchPronunciation:
    """Implements `Pronunciation`."""

    def __init__(self) -> None:
        self._lexicon = GruutLexicon("gruut_lang_fr")

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        """See `Pronunciation`."""
        spoken = [self._pronounce(word.text) for word in words]
        for index, word in enumerate(words):
            if word.is_last or index + 1 == len(words):
                spoken[index] = _ALONE.get(word.text, spoken[index])
                continue
            tail, following = word.text.rsplit("'", 1)[-1], words[index + 1].text
            before = words[index - 1].text if index else ""
            numeral = _say_numeral(spoken[index], tail, before, following)
            spoken[index] = _link(spoken[index], tail, following) if numeral is None else numeral
            if following == "os" and tail in _LINKING["z"]:
                spoken[index + 1] = "ˈo"
        return spoken

    def _pronounce(self, word: str) -> str:
        found = self._lexicon.find(word)
        if found is None and "'" in word:
            head, _, rest = word.partition("'")
            spoken = _ELIDED.get(head) or strip_stress(self._lexicon.pronounce(head))
            return spoken + self._pronounce(rest) if rest else spoken
        if word in _IRREGULAR:
            return _IRREGULAR[word]
        if found is None and word.endswith(_PLURALS):
            found = self._lexicon.find(word[:-1])
        spoken = _stress(self._lexicon.guess(word)) if found is None else found
        if not _FOREIGN_SOUNDS.isdisjoint(spoken):
            spoken = _stress(self._lexicon.find_plain(word) or spoken.translate(_NEAREST))
        else:
            spoken = self._silence_latent(word, spoken)
        return strip_stress(spoken) if word in _UNSTRESSED else spoken

    def _silence_latent(self, word: str, spoken: str) -> str:
        """Take off the last consonant where the table has one that is only heard before a vowel."""
        if word.endswith("ds") or word.endswith("des"):
            spoken = spoken.replace("ʣ", "d")
        is_plural = word[-1:] in ("s", "x") or word.endswith("ez")
        if is_plural and spoken.endswith("z") and not _SOUNDED_Z.search(word):
            return spoken[:-1]
        if spoken.endswith("zz"):
            return spoken[:-1]
        if spoken[-1:] in ("t", "n", "ʁ", "p") and strip_stress(spoken)[:-1] == self._lexicon.find_plain(word):
            return spoken[:-1]
        return spoken


def _stress(spoken: str) -> str:
    """With the stress on the last full vowel, where the table has none."""
    return spoken if STRESS_MARKS & set(spoken) else _LAST_VOWEL.sub("ˈ\\g<0>", spoken, count=1)


def _begins_with_vowel(word: str) -> bool:
    if word[:1] not in _VOWELS:
        return False
    is_yod = word[0] == "y" and len(word) > 1 and word not in ("yeux", "yonne", "york", "yves", "yvette", "yvon")
    return not is_yod and not any(word == stem or (len(stem) > 3 and word.startswith(stem)) for stem in _ASPIRATED)


def _say_numeral(spoken: str, tail: str, before: str, following: str) -> str | None:
    """A numeral as it sounds before the next word; None for other words, and numerals that are linked as those are."""
    is_mark = following in _NO_NOUNS
    if tail == "dix" and following in ("huit", "neuf"):
        spoken += "z"
    elif tail == "neuf" and following in ("heures", "ans"):
        spoken = spoken.removesuffix("f") + "v"
    elif tail == "vingt" and following in _DIGITS and before != "quatre":
        spoken += "t"
    elif is_mark and tail in _ALONE:
        spoken = _ALONE[tail]
    elif tail == "huit" and following[:1] not in _VOWELS and not is_mark:
        spoken = spoken.removesuffix("t")
    elif not (following in _UNITS and (tail == "cent" or (tail, before) == ("vingt", "quatre"))):
        return None
    return spoken


def _link(spoken: str, tail: str, following: str) -> str:
    """With the consonant that is only heard before the next word."""
    if tail == "t" and following in _PRONOUNS:
        return "t"
    if tail.endswith(("t", "d")) and following in _PRONOUNS and tail not in _NEVER_LINKED:
        return spoken.removesuffix("t") + "t"
    if tail == "tous" and following in _ALL_BEFORE:
        return "tu"
    if (tail, following) in _FIXED:
        return spoken + _FIXED[tail, following]
    if not _begins_with_vowel(following):
        return spoken
    return _BEFORE_VOWELS.get(tail) or spoken + _CONSONANT_OF.get(tail, "")
