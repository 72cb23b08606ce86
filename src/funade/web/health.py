"""`/healthz`: whether this process lives, whether it is ready, and why not; for machines, and nothing secret.

200 says yes, 503 no. `/healthz/live` asks only whether the process answers: restart it when it does not.
`/healthz/ready` and `/healthz` ask whether it can do its work now: send it nothing while it cannot.
Other rooms report with a `Report` of their own, like the sockets of a chat; `wiring` puts them in the list.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from funade.domain.wire import Plain

REPORT_SECONDS = 2.0  #: a part that needs longer to say how it is, is not well


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How one part of this process is: `why` is a short code when it is not well; `facts` are for graphs.

    What is not `needed` is told, and this process is ready without it.
    """

    name: str
    well: bool
    why: str | None = None
    facts: Mapping[str, Plain] = field(default_factory=dict)
    needed: bool = True


Report = Callable[[], Awaitable[Part]]


@dataclass(slots=True, kw_only=True)
class Health:
    """Asks every part how it is; `reports` have the names under which a part that says nothing is told of."""

    reports: Mapping[str, Report]
    stopping: bool = False

    async def __call__(self) -> tuple[bool, dict[str, Plain]]:
        """Return whether this process is ready, and everything about it."""
        parts = await asyncio.gather(*(_ask(name, report) for name, report in self.reports.items()))
        why = [f"{one.name}: {one.why or 'unwell'}" for one in parts if one.needed and not one.well]
        if self.stopping:
            why.insert(0, "stopping")
        told: dict[str, Plain] = {
            "status": "ready" if not why else "not_ready",
            "live": True,
            "ready": not why,
            "why": list(why),
            "parts": {one.name: _told(one) for one in parts},
        }
        return not why, told

    def routes(self) -> Sequence[BaseRoute]:
        """Return where it is asked."""

        async def ready(_: Request) -> Response:
            is_ready, told = await self()
            return JSONResponse(told, 200 if is_ready else 503)

        async def live(_: Request) -> Response:
            return JSONResponse({"status": "live", "live": True})

        return [
            Route("/healthz", ready, methods=["GET"]),
            Route("/healthz/ready", ready, methods=["GET"]),
            Route("/healthz/live", live, methods=["GET"]),
        ]


def _told(part: Part) -> dict[str, Plain]:
    said: dict[str, Plain] = {"well": part.well, "needed": part.needed}
    if part.why is not None:
        said["why"] = part.why
    return {**said, **part.facts}


async def _ask(name: str, report: Report) -> Part:
    try:
        async with asyncio.timeout(REPORT_SECONDS):
            return await report()
    except TimeoutError:
        return Part(name=name, well=False, why="no_answer")
