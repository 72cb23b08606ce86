"""Make foreign text harmless to look at: what somebody typed, or git or a program said, rules no terminal.

Signs that are invisible, move the cursor or turn the direction of reading are shown by name, not obeyed.
"""

import re

#: What stands for a backtick that somebody typed, where ours mean something: a door puts it in, and takes it out.
TYPED_BACKTICK = "\ue000"

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
#: shown as `\u{202e}`: C1, soft hyphen, zero width, direction, separators, tags, surrogates
_UNSEEN = re.compile(
    "[\x80-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_HARMLESS = re.compile(r"[ -~]*")
# Colours, cursor moves and titles of terminals: ECMA-48 control sequences, and strings up to their end.
_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\\\|\x9c)"
)
_LINE_END = re.compile("\r+\n|\r")


def plain(text: str) -> str:
    """Return `text` on one line in which every sign can be seen and none acts."""
    if _HARMLESS.fullmatch(text):
        return text
    return _UNSEEN.sub(_spelled, text.translate(_PICTURES))


def plain_lines(text: str) -> str:
    """Return a program's output with its lines and tabs, without its colours, every other sign seen."""
    without = _SEQUENCE.sub("", text)
    lines = _LINE_END.sub("\n", without).split("\n")
    return "\n".join("\t".join(plain(part) for part in line.split("\t")) for line in lines)


def _spelled(match: re.Match[str]) -> str:
    return f"\\u{{{ord(match[0]):04x}}}"
