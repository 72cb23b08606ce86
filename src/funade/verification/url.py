"""Asks an address what runs there."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from funade.failpoints import effect
from funade.verification.answer import MAXIMUM_BYTES, Answer, Silence, read, shown

if TYPE_CHECKING:
    import aiohttp
    import yarl

MOST_REDIRECTS = 5

_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}


async def ask(url: str, time_limit: timedelta) -> Answer | Silence:
    """Return what `url` answers to one GET; redirects are followed on its own host only, and never out of TLS."""
    import aiohttp  # noqa: PLC0415 -- 200 ms that nobody should pay who does not look

    try:
        async with (
            asyncio.timeout(time_limit.total_seconds()),
            aiohttp.ClientSession(
                # Compression would let a small answer become a huge one.
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": "identity", "Cache-Control": "no-cache", "User-Agent": "funade"},
                connector=aiohttp.TCPConnector(force_close=True),
            ) as session,
        ):
            return await _follow(session, url)
    except TimeoutError:
        return Silence(f"did not answer within {time_limit.total_seconds():g} s")
    except aiohttp.ClientConnectorCertificateError as error:
        return Silence(f"shows a certificate that is not trusted: {shown(str(error.certificate_error))}")
    except aiohttp.ClientConnectorError as error:
        return Silence(f"cannot be reached: {shown(str(error.os_error.strerror or error.os_error))}")
    except aiohttp.InvalidURL:
        return Silence("is no address")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Silence(f"broke off: {shown(str(error)) or type(error).__name__}")


async def _follow(session: "aiohttp.ClientSession", url: str) -> Answer | Silence:
    from yarl import URL  # noqa: PLC0415 -- comes with aiohttp

    here = URL(url)
    for _ in range(MOST_REDIRECTS + 1):
        found = await _get(session, here)
        if not isinstance(found, URL):
            return found
        if not _may_follow(here, found):
            return Silence(
                f"redirects to {shown(str(found.origin()) if found.host else str(found))}, which is not asked"
            )
        here = found
    return Silence(f"redirects more than {MOST_REDIRECTS} times")


async def _get(session: "aiohttp.ClientSession", url: "yarl.URL") -> "Answer | Silence | yarl.URL":
    with effect("verification.ask"):
        async with session.get(url, allow_redirects=False) as response:
            location = response.headers.get("Location")
            if response.status in _REDIRECTS and location:
                return url.join(type(url)(location))
            if not 200 <= response.status < 300:
                return Silence(f"answered {response.status} {shown(response.reason or '')}".rstrip())
            raw = b""
            async for chunk in response.content.iter_any():
                raw += chunk
                if len(raw) > MAXIMUM_BYTES:
                    break
            return read(raw)


def _may_follow(here: "yarl.URL", there: "yarl.URL") -> bool:
    if there.host != here.host or there.user is not None or there.scheme not in _PORTS:
        return False
    if (there.scheme, there.port) == (here.scheme, here.port):
        return True
    # From the plain door to the secure one of the same host.
    return all(url.port == _PORTS[url.scheme] for url in (here, there)) and there.scheme == "https"
