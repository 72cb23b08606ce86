"""Waiting for our threads: whoever stops waiting stops nothing."""

import asyncio
from typing import Any, TypeVar

T = TypeVar("T")


def unbreakable(running: "asyncio.Future[T]") -> "asyncio.Future[T]":
    """Return what `running` will return. Whoever stops waiting does not stop it, and does not learn how it went."""
    running.add_done_callback(_forget)
    return asyncio.shield(running)


def _forget(running: "asyncio.Future[Any]") -> None:
    """Take note of an error that nobody waits for any more."""
    if not running.cancelled():
        running.exception()
