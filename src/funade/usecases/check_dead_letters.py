"""Find queues that leave their dead letters in one place: there nobody can tell to which of them a message belongs.

What is sent again goes to the queue that is named, so that an order would come to those who wait for facts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from funade.domain.errors import QueueError
from funade.domain.orders import Problem
from funade.usecases.queue_ports import Exchange, QueuePlace

_REMEDY = (
    "give each its own: what is sent again from there goes to the queue that is named, wherever it came from"
)


async def shared_dead_letters(exchange: Exchange, places: Mapping[str, QueuePlace]) -> Sequence[Problem]:
    """Return a warning for each queue of dead letters that several of these queues share; `places` by their keys.

    A queue that cannot be asked is left out: that is told where it is used.
    """
    distinct: dict[object, tuple[str, QueuePlace]] = {}
    for where, place in places.items():
        distinct.setdefault(place.address, (where, place))
    found: defaultdict[QueuePlace, list[tuple[str, QueuePlace]]] = defaultdict(list)
    for where, place in distinct.values():
        try:
            dead = (await exchange.state(place)).dead_letters
        except QueueError:
            continue
        if dead is not None:
            found[_bare(replace(place, url=dead))].append((where, place))
    return [
        Problem(
            where=sharing[0][0],
            problem=f"the queues {_named(one for _, one in sharing)} share `{dead.name}` for their dead letters",
            remedy=_REMEDY,
            warns=True,
        )
        for dead, sharing in found.items()
        if len(sharing) > 1
    ]


def _bare(place: QueuePlace) -> QueuePlace:
    """Return where it is, by whichever keys it is opened."""
    return QueuePlace(
        url=place.url, endpoint=place.endpoint, kubeconfig=place.kubeconfig, context=place.context
    )


def _named(places: Iterable[QueuePlace]) -> str:
    return ", ".join(f"`{one.name}`" for one in places)
