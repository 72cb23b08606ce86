"""The door of pages: a signed link in, the page of its deployment out.

It asks the desk like every door, as the holder of that link, who has no name and may only read.
"""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, cast
from urllib.parse import urlsplit
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from funade.domain.answers import Answer, DeploymentShown, LogShown, Refused
from funade.domain.application import Site
from funade.domain.commands import Command, ReadLog, ShowDeployment
from funade.domain.people import Actor, Door
from funade.domain.reason import Reason
from funade.texts import Reader, pages
from funade.texts.times import moment
from funade.web.feeds import PIECE_BYTES, Feed, Feeds
from funade.web.languages import language_of
from funade.web.links import PATH, Keys, Opened, unseal
from funade.web.log_text import pieces, whole_lines
from funade.web.pages.deployment import deployment_page
from funade.web.rendering import ASSETS, edition, render
from funade.web.stream import EventStream, Position, event, events, read_position

SHOWN_BYTES = 131_072  #: of a log's end on a page as it is loaded; the rest is in the file
AGAIN_SECONDS = 10  #: until a page that could not be shown, or a browser without scripts, loads again


class AsksDesk(Protocol):
    """The one place that every door hands a command to (`usecases.desk`)."""

    def __call__(self, command: Command, actor: Actor, request: str) -> Awaitable[Answer]: ...


class NotShown(Exception):
    """A link that shows nothing, or a page that cannot be shown now; `response` says it to the reader."""

    def __init__(self, response: Response) -> None:
        self.response = response


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPages:
    """Shows deployments to whoever has a link."""

    desk: AsksDesk
    site: Site
    keys: Callable[[], Keys]
    now: Callable[[], datetime]
    feeds: Feeds = field(default_factory=Feeds)

    def routes(self) -> Sequence[BaseRoute]:
        """Return where pages are."""
        under = PATH + "/{number:int}/{sealed}"
        shown = [(under, self._show), (under + "/events", self._stream), (under + "/log", self._download)]
        return [ASSETS, *(Route(path, self._or_why_not(show), methods=["GET"]) for path, show in shown)]

    def _or_why_not(
        self, show: Callable[[Request, Opened], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return await show(request, self._open(request))
            except NotShown as error:
                return error.response

        return answer

    def _open(self, request: Request) -> Opened:
        """Return what the link opens, or raise NotShown."""
        number, sealed = cast("int", request.path_params["number"]), str(request.path_params["sealed"])
        opened, reader = unseal(self.keys(), number, sealed), self._reader(request)
        if opened is None:
            raise NotShown(self._note(reader, 404, pages.UNKNOWN_TITLE, [pages.UNKNOWN, pages.UNKNOWN_NEXT]))
        if opened.ends <= self.now():
            told = {"at": moment(opened.ends, reader), "number": str(number)}
            said = [pages.ENDED, pages.ENDED_NEXT]
            raise NotShown(self._note(reader, 410, pages.ENDED_TITLE, said, **told))
        return opened

    async def _show(self, request: Request, opened: Opened) -> Response:
        reader = self._reader(request)
        shown = await self._ask_or_explain(opened, reader)
        at, raw = await self._end_of_log(opened, shown, request.query_params.get("attempt", ""))
        deployment = shown.deployment
        content = render(
            "deployment.html",
            base=self._base(),
            edition=edition(),
            language=reader.language,
            word=pages.words(reader),
            page=deployment_page(shown, reader),
            address=request.url.path.rpartition("/")[2],
            attempts=[
                (number, reader.word(pages.ATTEMPT, attempt=number))
                for number in range(1, deployment.attempt + 1)
            ],
            position=at,
            attempt_word=reader.word(pages.ATTEMPT, attempt="{attempt}"),
            is_whole=at.offset == len(raw),
            is_newest=at.attempt == deployment.attempt,
            log=pieces(raw),
            link_ends=reader.word(pages.LINK_ENDS, at=moment(opened.ends, reader)),
            again_seconds=AGAIN_SECONDS,
        )
        return self._html(content, reader)

    async def _stream(self, request: Request, opened: Opened) -> Response:
        reader = self._reader(request)
        asked = request.headers.get("last-event-id") or request.query_params.get("from", "")
        at = read_position(asked) or Position(0, 0)

        def story(feed: Feed) -> bytes:
            key = (reader.language, feed.version)
            if key not in feed.worded:
                feed.worded[key] = self._story(feed.shown, self._reader(request))
            return feed.worded[key]

        async def ask(command: Command) -> Answer:
            return await self._ask(opened, command)

        watching = self.feeds.watch(opened.deployment, opened.number, ask)
        # Not a Response of Starlette's, but as good an ASGI application.
        return cast("Response", EventStream(watching, lambda feed: events(feed, at, story)))

    async def _download(self, request: Request, opened: Opened) -> Response:
        """Answer with a whole log, byte for byte as it is stored now."""
        shown = await self._ask_or_explain(opened, self._reader(request))
        attempt = _attempt(request.query_params.get("attempt", ""), shown)
        name = f"funade-{opened.number}-{attempt}.log"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        content = self._whole_log(opened, attempt)
        return StreamingResponse(content, media_type="text/plain; charset=utf-8", headers=headers)

    async def _whole_log(self, opened: Opened, attempt: int) -> AsyncIterator[bytes]:
        offset = 0
        while True:
            asked = ReadLog(number=opened.number, attempt=attempt, offset=offset, limit=PIECE_BYTES)
            answer = await self._ask(opened, asked)
            if not isinstance(answer, LogShown) or not answer.data:
                return
            yield base64.b64decode(answer.data)
            offset = answer.next

    async def _end_of_log(
        self, opened: Opened, shown: DeploymentShown, wanted: str
    ) -> tuple[Position, bytes]:
        """Return the end of an attempt's log in whole lines as far as it goes, and the byte behind it."""
        attempt = _attempt(wanted, shown)
        if not attempt:
            return Position(0, 0), b""
        length = (
            shown.log_length if attempt == shown.deployment.attempt else await self._length(opened, attempt)
        )
        begin = max(0, length - SHOWN_BYTES)
        asked = ReadLog(number=opened.number, attempt=attempt, offset=begin, limit=SHOWN_BYTES)
        answer = await self._ask(opened, asked)
        if not isinstance(answer, LogShown):
            return Position(attempt, begin), b""
        raw = base64.b64decode(answer.data)
        if not answer.complete:
            raw = raw[: whole_lines(raw)]
        end = begin + len(raw)
        # Begin with a line, unless the only one that begins is not there yet.
        head = raw.find(b"\n") + 1
        if begin and head < len(raw):
            raw = raw[head:]
        return Position(attempt, end), raw

    async def _length(self, opened: Opened, attempt: int) -> int:
        """Return how long an earlier attempt's log is, by looking for its end."""
        low, high = 0, PIECE_BYTES
        while await self._has(opened, attempt, high):
            low, high = high, high * 2
        while low < high:
            middle = (low + high) // 2
            if await self._has(opened, attempt, middle):
                low = middle + 1
            else:
                high = middle
        return low

    async def _has(self, opened: Opened, attempt: int, offset: int) -> bool:
        asked = ReadLog(number=opened.number, attempt=attempt, offset=offset, limit=1)
        answer = await self._ask(opened, asked)
        return isinstance(answer, LogShown) and bool(answer.data)

    def _story(self, shown: DeploymentShown, reader: Reader) -> bytes:
        page = deployment_page(shown, reader)
        content = render("story.html", page=page, word=pages.words(reader))
        return event(
            "story", {"html": content, "title": page.title, "tone": page.tone, "attempt": page.attempt}
        )

    async def _ask_or_explain(self, opened: Opened, reader: Reader) -> DeploymentShown:
        answer = await self._ask(opened, ShowDeployment(number=opened.number))
        if isinstance(answer, DeploymentShown):
            return answer
        if isinstance(answer, Refused) and answer.because.code is Reason.STORE_UNAVAILABLE:
            said = [pages.UNREADABLE, pages.UNREADABLE_NEXT]
            raise NotShown(self._note(reader, 503, pages.UNREADABLE_TITLE, said))
        raise NotShown(self._note(reader, 404, pages.UNKNOWN_TITLE, [pages.UNKNOWN, pages.UNKNOWN_NEXT]))

    async def _ask(self, opened: Opened, command: Command) -> Answer:
        actor = Actor(door=Door.PAGE, id=f"link:{opened.deployment}", reads=opened.deployment)
        return await self.desk(command, actor, str(uuid4()))

    def _note(
        self, reader: Reader, status: int, title: str, said: Sequence[str], **values: str
    ) -> HTMLResponse:
        content = render(
            "note.html",
            base=self._base(),
            edition=edition(),
            language=reader.language,
            title=reader.word(title),
            said=[reader.word(one, **values) for one in said],
            again_seconds=AGAIN_SECONDS if status == 503 else None,
        )
        return self._html(content, reader, status)

    def _html(self, content: str, reader: Reader, status: int = 200) -> HTMLResponse:
        headers = {"content-language": reader.language, "vary": "Accept-Language"}
        return HTMLResponse(content, status, headers=headers)

    def _reader(self, request: Request) -> Reader:
        return Reader(language_of(request), self.now())

    def _base(self) -> str:
        """Return what a proxy takes off the path of every request."""
        return urlsplit(self.site.url).path


def _attempt(wanted: str, shown: DeploymentShown) -> int:
    """Return the attempt that is asked for, else the newest."""
    newest = shown.deployment.attempt
    is_number = wanted.isascii() and wanted.isdigit() and len(wanted) < 6
    return int(wanted) if is_number and 1 <= int(wanted) <= newest else newest
