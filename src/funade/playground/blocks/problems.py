"""Collects what is wrong with blocks, in Slack's words and with its JSON pointers."""

from collections.abc import Sequence
from typing import Any


class Problems:
    """What was found so far."""

    def __init__(self, *, utf16: bool = False) -> None:
        self.found: list[str] = []
        self._utf16 = utf16

    def add(self, problem: str, at: str) -> None:
        self.found.append(f"[ERROR] {problem} [json-pointer:{at}]")

    def length(self, text: str) -> int:
        return len(text.encode("utf-16-le", "surrogatepass")) // 2 if self._utf16 else len(text)

    def text(self, value: Any, at: str, most: int, *, least: int = 0) -> bool:
        """Check plain JSON text; return whether it is text at all."""
        if not isinstance(value, str):
            self.add("must be a string", at)
            return False
        if self.length(value) > most:
            self.add(f"must be less than {most + 1} characters", at)
        if self.length(value) < least:
            self.add("must be more than 0 characters", at)
        return True

    def items(self, value: Any, at: str, most: int, *, least: int = 0) -> list[Any]:
        """Check a list's length; return it, or nothing when it is none."""
        if not isinstance(value, list):
            self.add("must be an array", at)
            return []
        if len(value) > most:
            self.add(f"no more than {most} items allowed", at)
        if len(value) < least:
            self.add(f"must provide at least {least} items" if least > 1 else "must provide an item", at)
        return value

    def thing(self, value: Any, at: str) -> bool:
        if isinstance(value, dict):
            return True
        self.add("must be an object", at)
        return False

    def fields(
        self, thing: dict[str, Any], at: str, required: Sequence[str], optional: Sequence[str]
    ) -> bool:
        """Check which fields there are; return whether all that must be are."""
        whole = True
        for name in required:
            if thing.get(name) is None:
                self.add(f"missing required field: {name}", at)
                whole = False
        for name in thing:
            if name not in required and name not in optional:
                self.add(f"invalid additional property: {name}", at)
        return whole

    def choice(self, value: Any, at: str, allowed: Sequence[str]) -> None:
        if value not in allowed:
            self.add(f"must be one of: {', '.join(allowed)}", at)

    def flag(self, value: Any, at: str) -> None:
        if not isinstance(value, bool):
            self.add("must be a boolean", at)
