import asyncio
from dataclasses import replace

from funade.testing.exchange import FakeExchange
from funade.testing.queue import StrictQueue
from funade.testing.time import FakeClock
from funade.texts import problem
from funade.usecases.check_dead_letters import shared_dead_letters
from funade.usecases.queue_ports import QueuePlace, QueueState

URL = "https://sqs.eu-central-1.amazonaws.com/1/"


class Dead(FakeExchange):
    """Queues whose names say where their dead letters lie: `shop@dead`."""

    async def state(self, place: QueuePlace) -> QueueState:
        _, _, dead = place.name.partition("@")
        return replace(await super().state(place), dead_letters=URL + dead if dead else None)


def warned(**places: str) -> list[str]:
    """Return what is said of queues, by their keys; one named `?…` does not exist."""
    queues = {URL + name: StrictQueue(FakeClock()) for name in places.values() if not name.startswith("?")}
    asked = {where: QueuePlace(url=URL + name) for where, name in places.items()}
    found = asyncio.run(shared_dead_letters(Dead(queues=queues), asked))
    assert all(one.warns for one in found)
    return [problem(one) for one in found]


def test_two_queues_that_share_one_for_their_dead_letters_are_named():
    [said] = warned(queue="shop@dead", facts="told@dead")
    assert said == (
        "warning: `queue`: the queues `shop@dead`, `told@dead` share `dead` for their dead letters — give each its own:"
        " what is sent again from there goes to the queue that is named, wherever it came from"
    )


def test_queues_with_one_of_their_own_each_are_well():
    assert warned(queue="shop@dead", facts="told@other", more="another", most="last") == []


def test_one_queue_of_several_environments_shares_with_nobody():
    assert warned(first="shop@dead", second="shop@dead") == []


def test_a_queue_that_cannot_be_asked_is_no_reason_to_warn():
    assert warned(queue="shop@dead", facts="?told@dead") == []


def test_each_one_that_is_shared_is_told_once():
    found = warned(first="one@dead", second="two@other", third="three@other", fourth="four@dead")
    assert [one.split(": ")[1] for one in found] == ["`first`", "`second`"]


def test_a_warning_is_said_in_japanese_too():
    queues = {URL + name: StrictQueue(FakeClock()) for name in ("a@dead", "b@dead")}
    places = {where: QueuePlace(url=url) for where, url in zip("ab", queues, strict=True)}
    [one] = asyncio.run(shared_dead_letters(Dead(queues=queues), places))
    assert problem(one, "ja") == (
        "警告: `a`: キュー `a@dead`, `b@dead` が同じデッドレターキュー `dead` を使っています（対処: キューごとに別の"
        "デッドレターキューを設定してください。送り直したメッセージは、元がどのキューでも、指定したキューに入ります）"
    )
