"""One story that people and an app go through, the same for every client; and the app in Python, for threads.

What the app saw, `trace`, must be the same whatever carried it.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from funade.playground import Playground

#: what the app of every client notes down while the story is told
TRACE = [
    "mention hello <http://deploy.sh|deploy.sh>",
    "command <@U0BOB> &amp; co",
    "button 7 by U0ADA",
    "option de",
    "submitted ref-2",
    "submitted again",
    "submitted last",
    "closed form",
    "shortcut begin",
    "message shortcut keep",
    "home home",
]


def modal(callback_id: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "notify_on_close": True,
        "blocks": [
            {
                "type": "input",
                "block_id": "ref",
                "label": {"type": "plain_text", "text": "Ref"},
                "element": {"type": "external_select", "action_id": "ref", "min_query_length": 1},
            }
        ],
        **more,
    }


BUTTONS = [
    {
        "type": "actions",
        "block_id": "row",
        "elements": [
            {
                "type": "button",
                "action_id": "go",
                "value": "7",
                "text": {"type": "plain_text", "text": "Go"},
            }
        ],
    }
]
HOME = {
    "type": "home",
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Welcome"}}],
}


def options(typed: str) -> list[dict[str, Any]]:
    return [
        {"text": {"type": "plain_text", "text": f"{typed}-{number}"}, "value": f"ref-{number}"}
        for number in range(3)
    ]


def tell(app: App, trace: list[str]) -> None:
    """Teach a synchronous Bolt app its part."""

    @app.event("app_mention")
    def mentioned(event: dict[str, Any], say: Any) -> None:
        trace.append("mention " + event["text"].partition("> ")[2])
        say(text="Here it is", blocks=BUTTONS)

    @app.event("message")
    def spoken() -> None:
        """Acknowledge the twin."""

    @app.command("/story")
    def commanded(ack: Any, command: dict[str, Any]) -> None:
        trace.append("command " + command["text"])
        ack(response_type="in_channel", text="Once upon a time")

    @app.action("go")
    def clicked(ack: Any, body: dict[str, Any], client: Any) -> None:
        ack()
        trace.append(f"button {body['actions'][0]['value']} by {body['user']['id']}")
        client.views_open(trigger_id=body["trigger_id"], view=modal("form"))

    @app.options("ref")
    def suggested(ack: Any, payload: dict[str, Any]) -> None:
        trace.append("option " + payload["value"])
        ack(options=options(payload["value"]))

    @app.view("form")
    def submitted(ack: Any, view: dict[str, Any]) -> None:
        chosen = view["state"]["values"]["ref"]["ref"]["selected_option"]["value"]
        trace.append("submitted " + chosen)
        ack(response_action="errors", errors={"ref": "Not that one"})

    _second_part(app, trace)


def _second_part(app: App, trace: list[str]) -> None:
    @app.view("updating")
    def updated(ack: Any) -> None:
        trace.append("submitted again")
        ack(response_action="update", view=modal("pushing", blocks=[]))

    @app.view("pushing")
    def pushed(ack: Any) -> None:
        trace.append("submitted last")
        ack(response_action="push", view=modal("form", blocks=[]))

    @app.view_closed("form")
    def closed(ack: Any) -> None:
        ack()
        trace.append("closed form")

    @app.shortcut("begin")
    def begun(ack: Any, payload: dict[str, Any], client: Any) -> None:
        ack()
        trace.append("shortcut begin")
        client.views_open(trigger_id=payload["trigger_id"], view=modal("updating", blocks=[]))

    @app.shortcut("keep")
    def kept(ack: Any, respond: Any) -> None:
        ack()
        trace.append("message shortcut keep")
        respond(text="Kept", response_type="ephemeral")

    @app.event("app_home_opened")
    def opened(event: dict[str, Any], client: Any) -> None:
        trace.append("home " + event["tab"])
        client.views_publish(user_id=event["user"], view=HOME)


def tell_async(app: AsyncApp, trace: list[str]) -> None:
    """Teach an asynchronous Bolt app its part."""

    @app.event("app_mention")
    async def mentioned(event: dict[str, Any], say: Any) -> None:
        trace.append("mention " + event["text"].partition("> ")[2])
        await say(text="Here it is", blocks=BUTTONS)

    @app.event("message")
    async def spoken() -> None:
        """Acknowledge the twin."""

    @app.command("/story")
    async def commanded(ack: Any, command: dict[str, Any]) -> None:
        trace.append("command " + command["text"])
        await ack(response_type="in_channel", text="Once upon a time")

    @app.action("go")
    async def clicked(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        trace.append(f"button {body['actions'][0]['value']} by {body['user']['id']}")
        await client.views_open(trigger_id=body["trigger_id"], view=modal("form"))

    @app.options("ref")
    async def suggested(ack: Any, payload: dict[str, Any]) -> None:
        trace.append("option " + payload["value"])
        await ack(options=options(payload["value"]))

    @app.view("form")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        chosen = view["state"]["values"]["ref"]["ref"]["selected_option"]["value"]
        trace.append("submitted " + chosen)
        await ack(response_action="errors", errors={"ref": "Not that one"})

    _second_part_async(app, trace)


def _second_part_async(app: AsyncApp, trace: list[str]) -> None:
    @app.view("updating")
    async def updated(ack: Any) -> None:
        trace.append("submitted again")
        await ack(response_action="update", view=modal("pushing", blocks=[]))

    @app.view("pushing")
    async def pushed(ack: Any) -> None:
        trace.append("submitted last")
        await ack(response_action="push", view=modal("form", blocks=[]))

    @app.view_closed("form")
    async def closed(ack: Any) -> None:
        await ack()
        trace.append("closed form")

    @app.shortcut("begin")
    async def begun(ack: Any, payload: dict[str, Any], client: Any) -> None:
        await ack()
        trace.append("shortcut begin")
        await client.views_open(trigger_id=payload["trigger_id"], view=modal("updating", blocks=[]))

    @app.shortcut("keep")
    async def kept(ack: Any, respond: Any) -> None:
        await ack()
        trace.append("message shortcut keep")
        await respond(text="Kept", response_type="ephemeral")

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: Any) -> None:
        trace.append("home " + event["tab"])
        await client.views_publish(user_id=event["user"], view=HOME)


@contextlib.asynccontextmanager
async def connected_story(playground: Playground) -> AsyncIterator[None]:
    """Keep the story's app connected, over aiohttp."""
    client = AsyncWebClient(token=playground.app.bot_token, base_url=playground.api_url)
    app = AsyncApp(client=client)
    tell_async(app, [])
    handler = AsyncSocketModeHandler(app, playground.app.app_token)
    await handler.connect_async()
    try:
        await playground.wait(connections=1)
        yield
    finally:
        await handler.close_async()


async def live_through(playground: Playground) -> None:
    """Let people do everything that there is to do, and look at what they get."""
    await playground.say(person="ada", channel="#general", text="@story hello deploy.sh")
    posted = (await playground.wait(channel="#general", text="Here it is"))["message"]
    told = await playground.command(person="ada", channel="#general", command="/story", text="@bob & co")
    assert told == {"ok": True}
    await playground.wait(channel="#general", text="Once upon a time")

    clicked = await playground.click(person="ada", channel="#general", ts=posted["ts"], action_id="go")
    assert clicked == {"ok": True}
    form = (await playground.wait(view="form"))["view"]["id"]
    found = await playground.suggest(person="ada", view_id=form, action_id="ref", value="de")
    assert [one["text"]["text"] for one in found["options"]] == ["de-0", "de-1", "de-2"]
    assert await playground.submit(person="ada", view_id=form) == {
        "ok": False,
        "errors": {"ref": "Please complete this required field."},
    }
    refused = await playground.submit(person="ada", view_id=form, values={"ref": found["options"][2]})
    assert refused == {"ok": False, "errors": {"ref": "Not that one"}}
    await playground.close(person="ada", view_id=form, everything=True)

    assert (await playground.shortcut(person="ada", callback_id="begin"))["ok"]
    first = (await playground.wait(view="updating"))["view"]["id"]
    assert await playground.submit(person="ada", view_id=first) == {"ok": True}
    second = (await playground.wait(view="pushing"))["view"]["id"]
    assert second == first
    assert await playground.submit(person="ada", view_id=second) == {"ok": True}
    assert [one["callback_id"] for one in (await playground.views(person="ada"))["views"]] == [
        "pushing",
        "form",
    ]

    kept = await playground.shortcut(person="bob", callback_id="keep", channel="#general", ts=posted["ts"])
    assert kept["ok"]
    await playground.wait(channel="#general", text="Kept")
    await playground.open_home(person="ada")
    home = await playground.wait(frame="views.publish")
    assert home["frame"]["body"]["user_id"] == "U0ADA"


def order(trace: list[str]) -> list[str]:
    """Return the trace in the story's order: what two threads note down may be exchanged."""
    return sorted(trace, key=lambda one: TRACE.index(one) if one in TRACE else -1)
