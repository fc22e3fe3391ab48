"""Chinese first, English beside it: the catalogue of `console/locale`.

Keys are English sentences. `both()` gives both languages as HTML; which of them shows is the reader's choice and the
style sheet's work, so that one rendered fragment serves every reader.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from markupsafe import Markup

LOCALE = Path(__file__).parent / "locale"


class Words:
    """The Chinese catalogue, read from its `.po` file (no compiled file to forget)."""

    def __init__(self, locale: Path = LOCALE) -> None:
        with (locale / "zh" / "LC_MESSAGES" / "console.po").open("rb") as file:
            catalogue = read_po(file, locale="zh")
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        self._chinese = Translations(compiled)

    def chinese(self, key: str, **values: object) -> str:
        """The Chinese sentence, for places that hold one line only (titles, labels for screen readers)."""
        text = self._chinese.gettext(key) if key else ""
        return text % values if values else text

    def both(self, key: str, **values: object) -> Markup:
        """Chinese and English as HTML, values escaped; just one of them where both are the same."""
        english = key % values if values else key
        chinese = self.chinese(key, **values)
        if chinese == english:
            return Markup("<span>{}</span>").format(chinese)
        return Markup('<span class="zh">{}</span> <span class="en" lang="en">{}</span>').format(chinese, english)
