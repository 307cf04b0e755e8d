"""The languages as people read them, and a sentence in each for previews."""

from dataclasses import dataclass

from myna.domain.language import LangCode


@dataclass(frozen=True, slots=True)
class LanguageRow:
    family: str
    """The language's English name."""
    accent: str
    """Where it is spoken so."""
    preview: str
    """What a voice says to show itself: about four seconds."""


LANGUAGES: dict[LangCode, LanguageRow] = {
    LangCode.EN_US: LanguageRow("English", "United States", "Hello! This is how I sound. I can read anything to you."),
    LangCode.EN_GB: LanguageRow("English", "United Kingdom", "Hello! This is how I sound. I can read anything to you."),
    LangCode.ZH_CN: LanguageRow("Chinese", "China", "你好！这就是我的声音。我可以为你朗读任何内容。"),
    LangCode.KO_KR: LanguageRow("Korean", "South Korea", "안녕하세요! 제 목소리는 이렇습니다. 무엇이든 읽어 드릴게요."),
    LangCode.JA_JP: LanguageRow("Japanese", "Japan", "こんにちは。これが私の声です。何でもお読みします。"),
    LangCode.RU_RU: LanguageRow("Russian", "Russia", "Здравствуйте! Так звучит мой голос. Я прочту вам что угодно."),
    LangCode.IT_IT: LanguageRow("Italian", "Italy", "Ciao! Questa è la mia voce. Posso leggerti qualsiasi cosa."),
    LangCode.ES_ES: LanguageRow("Spanish", "Spain", "¡Hola! Así suena mi voz. Puedo leerte lo que quieras."),
    LangCode.PT_BR: LanguageRow("Portuguese", "Brazil", "Olá! Esta é a minha voz. Posso ler o que você quiser."),
    LangCode.DE_DE: LanguageRow("German", "Germany", "Hallo! So klingt meine Stimme. Ich lese dir alles vor."),
    LangCode.FR_FR: LanguageRow("French", "France", "Bonjour ! Voici ma voix. Je peux vous lire ce que vous voulez."),
    LangCode.AR_SA: LanguageRow("Arabic", "Saudi Arabia", "مرحبا! هذا هو صوتي. أستطيع أن أقرأ لك أي شيء."),
    LangCode.PL_PL: LanguageRow("Polish", "Poland", "Cześć! Tak brzmi mój głos. Mogę przeczytać ci wszystko."),
    LangCode.NL_NL: LanguageRow("Dutch", "Netherlands", "Hallo! Zo klinkt mijn stem. Ik kan je alles voorlezen."),
    LangCode.HI_IN: LanguageRow("Hindi", "India", "नमस्ते! मेरी आवाज़ ऐसी है। मैं आपको कुछ भी पढ़कर सुना सकता हूँ।"),
    LangCode.HE_IL: LanguageRow("Hebrew", "Israel", "שלום! כך נשמע הקול שלי. אני יכול לקרוא לך כל דבר."),
}
