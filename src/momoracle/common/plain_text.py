"""Text that came from a port, made fit for a page and for XML: every character in it is one that may stand there."""

import unicodedata

_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_FORMAT_THAT_IS_TEXT = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}\N{SOFT HYPHEN}"


def plain_text(value: object) -> str:
    r"""Return the text of ``value`` with nothing in it that XML 1.0 or HTML forbid, or that reorders what is shown.

    A control character becomes its picture, and what has none becomes U+FFFD: the upper control characters, halves of
    surrogate pairs, noncharacters, and marks without a shape, which may turn the direction of text. Markup is left for
    others to escape.

    >>> plain_text("a\0b\x1b[31m<script>")
    'a␀b␛[31m<script>'
    """
    return "".join(map(_shown, str(value).translate(_PICTURES)))


def _shown(character: str) -> str:
    kind, code = unicodedata.category(character), ord(character)
    control = kind == "Cc" and character not in "\t\n"
    shapeless = kind == "Cf" and character not in _FORMAT_THAT_IS_TEXT
    noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return _REPLACEMENT if control or shapeless or noncharacter or kind == "Cs" else character
