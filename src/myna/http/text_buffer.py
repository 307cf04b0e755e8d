"""Text on its way to be spoken in a socket's context: gathered until there is enough, cut into utterances."""

from myna.http.socket_schemas import AutoModeStrategy, Buffering
from myna.text.sentence_end import find_last_end


class TextBuffer:
    """Pieces are joined as they are, without separators (wire-contract.md#buffering)."""

    def __init__(self, buffering: Buffering) -> None:
        self.buffering = buffering
        self._text = ""

    @property
    def num_chars(self) -> int:
        return len(self._text)

    def add(self, text: str) -> list[str]:
        """Take a piece; what is ready to be spoken now, in order."""
        self._text += text
        if self.buffering.strategy is AutoModeStrategy.CLIENT_SEGMENTED:
            return self.flush()
        ready = []
        if self.buffering.strategy is AutoModeStrategy.SENTENCE_BOUNDARY:
            ready = self._take_sentences()
        if len(self._text) >= self.buffering.char_threshold:
            ready += self.flush()
        return ready

    def flush(self) -> list[str]:
        """Everything that waits, as one utterance; nothing if it is only white space."""
        text, self._text = self._text, ""
        return [text] if text.strip() else []

    def _take_sentences(self) -> list[str]:
        """All whole sentences but the last, which may go on."""
        end = find_last_end(self._text)
        ready, self._text = self._text[:end], self._text[end:]
        return [ready] if ready.strip() else []
