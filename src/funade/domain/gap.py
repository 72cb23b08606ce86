"""What stands in a log where output is missing: as long as what is missing, so that all other offsets stay true."""

_SHORT = b"[missing]\n"
_SAID = " bytes of the output are missing here"


def gap(length: int) -> bytes:
    """Return a mark of exactly `length` bytes; it ends with a line's end."""
    said = f"[funade: {length}{_SAID}]\n".encode()
    for one in (said, _SHORT):
        if len(one) <= length:
            return b"." * (length - len(one) - 1) + (b"\n" if length > len(one) else b"") + one
    return b"?" * length


def is_marked(output: bytes) -> bool:
    """Tell whether a mark stands in `output`, or all of it is part of one."""
    return (
        _SAID.encode() in output
        or _SHORT.strip() in output
        or not output.strip(b".\n")
        or not output.strip(b"?")
    )
