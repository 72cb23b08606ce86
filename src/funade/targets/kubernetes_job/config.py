"""The section of a `kubernetes-job` target in funade.yaml, as its release stores it, and how that is read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urlsplit

from funade.domain import wire
from funade.domain.application import parse_reference
from funade.domain.near_queues import ClusterAddress, parse_near
from funade.domain.orders import Problem
from funade.domain.wire import Plain
from funade.usecases.queue_ports import QueuePlace

FIFO = ".fifo"
KEYS = ("access_key", "secret_key", "session_token")
#: what only queues of SQS have, and what only those in a cluster have
OF_SQS = ("region", "endpoint", *KEYS)
OF_CLUSTER = ("kubeconfig", "context")
_URL = re.compile(r"https?://[^/?#@\s]+/[^?#@\s]*?[A-Za-z0-9_-]{1,80}(?:\.fifo)?")
_ENDPOINT = re.compile(r"https?://[^/?#@\s]+/?")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_OF_AWS = re.compile(r"[a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|api\.aws)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A `kubernetes-job` target: its two queues, and how to be let in; keys are references."""

    queue: str
    facts: str
    region: str | None = None
    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None
    kubeconfig: str | None = None
    context: str | None = None

    @property
    def orders_to(self) -> QueuePlace:
        """Return the queue for orders."""
        return self._place(self.queue)

    @property
    def facts_from(self) -> QueuePlace:
        """Return the queue for facts."""
        return self._place(self.facts)

    def _place(self, url: str) -> QueuePlace:
        return QueuePlace(
            url=url,
            region=self.region,
            endpoint=self.endpoint,
            access_key=self.access_key,
            secret_key=self.secret_key,
            session_token=self.session_token,
            kubeconfig=self.kubeconfig,
            context=self.context,
        )


def queues(settings: Mapping[str, Plain]) -> tuple[QueuePlace, QueuePlace] | None:
    """Return the queues for orders and for facts of stored settings; None where they cannot be read."""
    try:
        found = wire.from_plain(Settings, dict(settings))
    except wire.Unreadable:
        return None
    return found.orders_to, found.facts_from


def usual_facts(queue: str) -> str:
    """Return the queue from which facts come where nothing else is said: `shop-facts` beside `shop`."""
    return f"{queue.removesuffix(FIFO)}-facts" + (FIFO if queue.endswith(FIFO) else "")


def renew(old: Mapping[str, Plain], today: Mapping[str, Plain]) -> dict[str, Plain]:  # noqa: ARG001 -- all of it says where
    """Return today's queues and keys: what is deployed is in the order, and in the cluster."""
    return dict(today)


def parse(section: Mapping[str, Plain], where: str) -> tuple[dict[str, Plain], list[Problem]]:
    """Return the settings as plain data, the queue for facts filled in, and all that is wrong with them."""
    reading = _Reading(where)
    readers = reading.readers()
    settings: dict[str, Plain] = {}
    for key, value in section.items():
        if key == "kind":
            continue
        reader = readers.get(key)
        if reader is None:
            near = get_close_matches(key, readers, n=1)
            known = ", ".join(f"`{one}`" for one in readers)
            remedy = f"did you mean `{near[0]}`?" if near else f"known are {known}"
            reading.complain(key, f"`{key}` is no setting of a `kubernetes-job` target", remedy)
        else:
            settings[key] = reader(key, value)
    queue = settings.get("queue")
    if "queue" not in section:
        reading.complain("queue", "`queue` is missing", "write the URL of the queue that a DeployQueue names")
    elif isinstance(queue, str):
        settings.setdefault("facts", usual_facts(queue))
        reading.check_together(settings)
    return settings, reading.problems


class _Reading:
    """One section being read."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.problems: list[Problem] = []

    def readers(self) -> Mapping[str, Callable[[str, Plain], Plain]]:
        return {
            "queue": self._url,
            "facts": self._url,
            "region": self._region,
            "endpoint": self._endpoint,
            **dict.fromkeys(OF_CLUSTER, self._text),
            **dict.fromkeys(KEYS, self._reference),
        }

    def complain(self, key: str, problem: str, remedy: str = "") -> None:
        self.problems.append(Problem(where=f"{self._where}.{key}", problem=problem, remedy=remedy))

    def check_together(self, settings: Mapping[str, Plain]) -> None:
        """Complain of settings that do not fit each other."""
        queue, facts = settings.get("queue"), settings.get("facts")
        if queue == facts:
            self.complain("facts", "orders and facts cannot share a queue", "give the facts one of their own")
        near = self._near((queue, facts))
        if near:
            self._check_near(settings, near)
            return
        for key in OF_CLUSTER:
            if key in settings:
                self.complain(
                    key, "it goes with a queue in a cluster", "leave it out, or write `cluster:deploy/shop`"
                )
        host = urlsplit(queue).hostname if isinstance(queue, str) else None
        if "region" not in settings and host and not _OF_AWS.fullmatch(host):
            self.complain("region", f"`{host}` does not tell its region", "add `region: eu-central-1`")
        if ("access_key" in settings) != ("secret_key" in settings):
            self.complain(
                "access_key", "`access_key` and `secret_key` belong together", "write both, or neither"
            )
        elif "session_token" in settings and "access_key" not in settings:
            self.complain(
                "session_token", "`session_token` goes with keys", "write `access_key` and `secret_key` too"
            )

    def _near(self, urls: Sequence[Plain]) -> list[str]:
        """Return those that are in the store or in a cluster; complain of a name to which nothing can be added."""
        try:
            return [one for one in urls if isinstance(one, str) and parse_near(one) is not None]
        except ValueError as error:
            self.complain("facts", "the name of the queue beside `queue` is too long", str(error))
            return []

    def _check_near(self, settings: Mapping[str, Plain], near: Sequence[str]) -> None:
        """Complain of what does not go with queues in the store or in a cluster."""
        if len(near) == 1 or len({one.partition(":")[0] for one in near}) > 1:
            self.complain(
                "facts", "both queues must be of one kind", "leave it out: it is found beside `queue`"
            )
        for key in OF_SQS:
            if key in settings:
                self.complain(key, "it goes with a queue of SQS", "leave it out")
        for key in OF_CLUSTER:
            if key in settings and not isinstance(parse_near(near[0]), ClusterAddress):
                self.complain(key, "it goes with a queue in a cluster", "leave it out")

    def _text(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, str) or not value:
            self.complain(key, "text is wanted", "write the name of a file or of a context")
        return value

    def _url(self, key: str, value: Plain) -> Plain:
        try:
            if isinstance(value, str) and parse_near(value) is not None:
                return value
        except ValueError as error:
            self.complain(key, "the address of a queue is wanted", str(error))
            return None
        if not isinstance(value, str) or not _URL.fullmatch(value):
            # Not repeated: somebody may have written a key into it.
            self.complain(
                key,
                "the URL of a queue is wanted",
                "write it as AWS shows it, `https://sqs.eu-central-1.amazonaws.com/123456789012/shop`",
            )
            return None
        return value

    def _endpoint(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, str) or not _ENDPOINT.fullmatch(value):
            self.complain(
                key,
                "the address of a server is wanted",
                "write scheme, host and port, `http://localhost:4566`",
            )
            return None
        return value.rstrip("/")

    def _region(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, str) or not _REGION.fullmatch(value):
            self.complain(key, "the name of a region is wanted", "write one like `eu-central-1`")
        return value

    def _reference(self, key: str, value: Plain) -> Plain:
        try:
            parse_reference(value if isinstance(value, str) else "")
        except ValueError as error:
            self.complain(key, str(error))
        return value
