"""Clients of AWS: opened at their first use, closed at the end; the only file that asks for aiobotocore.

It is loaded with the first client and not before: loading takes 0.2 s, and only some need it (`funade[aws]`).
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

#: An answer to a long poll of 20 s comes up to 20 s later.
ANSWER_SECONDS = 30
CONNECT_SECONDS = 5
#: Of one call, the first included; between them the library waits longer and longer.
ATTEMPTS = 3
#: Each long poll holds one connection for itself.
SIDE_BY_SIDE = 2000


class LibraryMissing(Exception):
    """The library for AWS is not installed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKeys:
    """Keys of an account of AWS; only their public part is ever shown."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class AwsClient:
    """One client of one service, shared by all tasks of a loop.

    Without `keys` the library looks where AWS's own programs look: variables, files, the role of a pod or a machine.
    Without `endpoint` it does so too, and asks the region's own at last.
    """

    def __init__(
        self,
        service: str,
        *,
        region: str,
        endpoint: str | None = None,
        keys: Callable[[], AwsKeys] | None = None,
    ) -> None:
        self._service, self._region, self._endpoint, self._reveal = service, region, endpoint, keys
        self._opening = asyncio.Lock()
        self._opened = AsyncExitStack()
        self._keys: AwsKeys | None = None
        self._client: Any = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def get(self) -> Any:
        """Return the library's client, or raise LibraryMissing."""
        async with self._opening:
            if self._client is None:
                self._keys = self._reveal() if self._reveal is not None else None
                self._client = await self._open(self._keys)
            return self._client

    def doubt_keys(self) -> None:
        """Have the next `get` open another client if the keys are other ones by now; calls under way go on."""
        if self._reveal is not None and self._reveal() != self._keys:
            self._client = None

    async def close(self) -> None:
        """End it with all connections; no call may be under way."""
        self._client = None
        opened, self._opened = self._opened, AsyncExitStack()
        await opened.aclose()

    @staticmethod
    def errors() -> tuple[type[Exception], ...]:
        """Return what `get` and the calls of the library raise; to be asked where something was raised."""
        try:
            from aiohttp import ClientError as BrokenConnection  # noqa: PLC0415 -- see the head of this file
            from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- as above
        except ModuleNotFoundError:
            return (LibraryMissing, OSError)
        return (LibraryMissing, OSError, BotoCoreError, ClientError, BrokenConnection)

    async def _open(self, keys: AwsKeys | None) -> Any:
        await asyncio.to_thread(_load)
        from aiobotocore.config import AioConfig  # noqa: PLC0415 -- see the head of this file
        from aiobotocore.session import get_session  # noqa: PLC0415 -- as above

        _hush()
        opening = get_session().create_client(
            self._service,
            region_name=self._region,
            endpoint_url=self._endpoint,
            aws_access_key_id=keys.access_key if keys else None,
            aws_secret_access_key=keys.secret_key if keys else None,
            aws_session_token=keys.session_token if keys else None,
            config=AioConfig(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=ANSWER_SECONDS,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                max_pool_connections=SIDE_BY_SIDE,
                tcp_keepalive=True,
            ),
        )
        return await self._opened.enter_async_context(opening)


def _load() -> None:
    try:
        import aiobotocore.session  # noqa: F401, PLC0415 -- see the head of this file
    except ModuleNotFoundError as error:
        message = f"the library for AWS is not installed ({error.name})"
        raise LibraryMissing(message) from error


def _hush() -> None:
    """Keep the library from writing requests into a log, whatever level the log has: they hold session tokens."""
    for name in ("botocore", "aiobotocore"):
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() < logging.INFO:
            logger.setLevel(logging.INFO)
