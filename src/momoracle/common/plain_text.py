"""Make text from a port safe to show: replace every character that XML or HTML forbid or that hides other text."""

import unicodedata

#: control characters and their pictures in Unicode, such as U+241B for ESC; tab and newline stay
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
#: invisible characters that scripts such as Persian need inside words
_ALLOWED_INVISIBLE = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}\N{SOFT HYPHEN}"


def plain_text(value: object) -> str:
    r"""Return ``str(value)`` without the characters that XML 1.0 or HTML forbid or that reorder text on the screen.

    A control character below U+0080 becomes its picture. These become U+FFFD: the upper control characters, halves of
    surrogate pairs, noncharacters, and invisible marks, which can turn the direction of text. Markup is not escaped:
    the caller does that.

    >>> plain_text("a\0b\x1b[31m<script>")
    'a␀b␛[31m<script>'
    """
    return "".join(map(_replace_forbidden, str(value).translate(_PICTURES)))


def _replace_forbidden(character: str) -> str:
    category, code = unicodedata.category(character), ord(character)
    is_control = category == "Cc" and character not in "\t\n"
    is_invisible = category == "Cf" and character not in _ALLOWED_INVISIBLE
    is_surrogate = category == "Cs"
    # The last two codes of each of the 17 planes, and 32 more, never stand for a character.
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return _REPLACEMENT if is_control or is_invisible or is_surrogate or is_noncharacter else character
