"""Rows behind the doors of chat to nouns and back."""

from typing import Any

from funade.domain.telling import Preference
from funade.domain.wire import GREATEST, from_plain, to_plain
from funade.store import values
from funade.store.rows import FORMAT, check_format
from funade.usecases.door_ports import Capability, Link, Notice, Onlooker, Post, Received, Use


def received_row(item: Received) -> dict[str, Any]:
    """Return the row of what came in; a body may hold anything that can be typed."""
    return {
        "id": item.id,
        "door": item.door,
        "at": values.moment(item.at),
        "owner": item.owner,
        "format": FORMAT,
        "document": values.dump({"keys": list(item.keys), "body": dict(item.body)}),
    }


def read_received(row: values.Row) -> Received:
    """Return what came in, or raise Unreadable."""
    check_format(row)
    document = values.load(row["document"])
    if not isinstance(document, dict) or not isinstance(document.get("body"), dict):
        values.refuse("`body` is no object")
    return Received(
        id=values.text(row, "id"),
        door=values.text(row, "door"),
        keys=tuple(values.as_text(one, "keys") for one in document.get("keys") or ()),
        at=values.read_moment(row, "at"),
        owner=values.text(row, "owner"),
        body=document["body"],
    )


def post_row(post: Post) -> dict[str, Any]:
    """Return a post's row, but for its wishes."""
    return {
        "key": post.key,
        "deployment": post.deployment,
        "event": post.event,
        "channel": post.channel,
        "message": post.message,
        "shown": post.shown,
        "tried_at": post.tried_at and values.moment(post.tried_at),
        "round": post.round,
    }


def read_post(row: values.Row) -> Post:
    """Return the post of a row, or raise Unreadable."""
    return Post(
        key=values.text(row, "key"),
        deployment=values.text_or_none(row, "deployment"),
        event=None if row["event"] is None else values.number(row, "event"),
        channel=values.text_or_none(row, "channel"),
        message=values.text_or_none(row, "message"),
        shown=values.text_or_none(row, "shown"),
        tried_at=values.moment_or_none(row, "tried_at"),
        round=values.number(row, "round"),
        wanted=min(values.number(row, "wanted"), GREATEST),
    )


def capability_row(capability: Capability) -> dict[str, Any]:
    """Return a capability's row."""
    return {
        "id": capability.id,
        "subject": capability.subject,
        "deployment": capability.deployment,
        "single": capability.single,
        "format": FORMAT,
        "document": values.dump(to_plain(capability)),
    }


def read_capability(row: values.Row) -> Capability:
    """Return the capability of a row, or raise Unreadable."""
    check_format(row)
    found = from_plain(Capability, values.load(row["document"]))
    if (found.id, found.subject) != (row["id"], row["subject"]):
        values.refuse("the document is another's")
    return found


def use_row(use: Use, holder: str) -> dict[str, Any]:
    """Return the row of a use."""
    return {
        "capability": use.capability,
        "holder": holder,
        "by": use.by,
        "received": use.received,
        "at": values.moment(use.at),
    }


def read_use(row: values.Row) -> Use:
    """Return the use of a row, or raise Unreadable."""
    return Use(
        capability=values.text(row, "capability"),
        by=values.text(row, "by"),
        received=values.text(row, "received"),
        at=values.read_moment(row, "at"),
    )


def link_row(link: Link) -> dict[str, Any]:
    """Return a link's row."""
    return {
        "actor": link.actor,
        "person": link.person,
        "email": values.clean(link.email),
        "at": values.moment(link.at),
    }


def read_link(row: values.Row) -> Link:
    """Return the link of a row, or raise Unreadable."""
    return Link(
        actor=values.text(row, "actor"),
        person=values.text(row, "person"),
        email=values.text(row, "email"),
        at=values.read_moment(row, "at"),
    )


def preference_row(preference: Preference) -> dict[str, Any]:
    """Return the row of what somebody wants."""
    return {
        "person": preference.person,
        "format": FORMAT,
        "document": values.dump(to_plain(preference)),
    }


def read_preference(row: values.Row) -> Preference:
    """Return what somebody wants, or raise Unreadable."""
    check_format(row)
    found = from_plain(Preference, values.load(row["document"]))
    if found.person != row["person"]:
        values.refuse("the document is another's")
    return found


def notice_row(notice: Notice) -> dict[str, Any]:
    """Return the row of what somebody is owed to hear."""
    return {
        "key": notice.key,
        "person": notice.person,
        "deployment": notice.deployment,
        "event": notice.event,
        "about": notice.about,
        "at": values.moment(notice.at),
        "due_at": notice.due_at and values.moment(notice.due_at),
        "post": notice.post,
        "settled": notice.settled,
    }


def read_notice(row: values.Row) -> Notice:
    """Return the notice of a row, or raise Unreadable."""
    return Notice(
        key=values.text(row, "key"),
        person=values.text(row, "person"),
        deployment=values.text(row, "deployment"),
        event=values.number(row, "event"),
        about=values.text(row, "about"),
        at=values.read_moment(row, "at"),
        due_at=values.moment_or_none(row, "due_at"),
        post=values.text_or_none(row, "post"),
        settled=bool(row["settled"]),
    )


def onlooker_row(onlooker: Onlooker) -> dict[str, Any]:
    """Return the row of who has opened our home."""
    return {"user": onlooker.user, "opened_at": values.moment(onlooker.opened_at)}


def read_onlooker(row: values.Row) -> Onlooker:
    """Return who has opened our home, or raise Unreadable."""
    return Onlooker(user=values.text(row, "user"), opened_at=values.read_moment(row, "opened_at"))
