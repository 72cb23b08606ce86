"""Finds what looks like a secret in configured text, so that it is refused and never repeated."""

import re

_SECRET = re.compile(
    r"""
      \bgh[pousr]_[A-Za-z0-9]{16,} | \bgithub_pat_\w{16,} | \bglpat-[\w-]{16,}
    | \bxox[a-z]-[\w-]{10,} | \bxapp-[\w-]{10,} | hooks\.slack\.com/services/[\w/]+
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b | \bAIza[\w-]{30,}
    | \b[sr]k_live_\w{10,} | \bnpm_\w{30,} | \bpypi-[\w-]{30,}
    | \beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*
    | -----BEGIN[ A-Z]*PRIVATE\ KEY-----.*
    | (?<=://) [^/\s:@]* : [^/\s@]+ (?=@)
    """,
    re.VERBOSE | re.DOTALL,
)


def holds_secret(text: str) -> bool:
    """Tell whether `text` holds a well-known kind of token, a private key or a URL's password."""
    return _SECRET.search(text) is not None


def redact(text: str) -> str:
    """Return `text` with all of that replaced by `***`."""
    return _SECRET.sub("***", text)
