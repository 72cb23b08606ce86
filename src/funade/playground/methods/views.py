"""`views.*`: modals and App Homes."""

from funade.playground import modals
from funade.playground.errors import Json, SlackError, missing
from funade.playground.methods.call import Call, Method
from funade.playground.nouns import View
from funade.playground.shapes import view_json


def open_view(call: Call) -> Json:
    payload = _payload(call)
    modals.check(call.workspace, payload, "modal")  # a view that is wrong costs no trigger
    person = call.stage.passes.use_trigger(call.app, call.text("trigger_id"))
    return _answer(call, modals.open_view(call.workspace, call.app, person, payload))


def push(call: Call) -> Json:
    payload = _payload(call)
    modals.check(call.workspace, payload, "modal")  # a view that is wrong costs no trigger
    person = call.stage.passes.use_trigger(call.app, call.text("trigger_id"))
    return _answer(call, modals.push_view(call.workspace, call.app, person, payload))


def update(call: Call) -> Json:
    payload = _payload(call)
    if not (call.text("view_id") or call.text("external_id")):
        raise missing("view_id")
    view = modals.find_view(
        call.workspace, call.app, view_id=call.text("view_id"), external_id=call.text("external_id")
    )
    return _answer(call, modals.update_view(call.workspace, view, payload, call.text("hash")))


def publish(call: Call) -> Json:
    payload = _payload(call)
    person = call.workspace.people.get(call.required("user_id"))
    if person is None or person.is_bot or person.deleted:
        raise SlackError("invalid_arguments", "[ERROR] invalid `user_id` [json-pointer:/user_id]")
    if not call.app.home_tab:
        raise SlackError("not_enabled")
    view = modals.publish_view(call.workspace, call.app, person.id, payload, call.text("hash"))
    return _answer(call, view)


def _payload(call: Call) -> Json:
    payload: Json | None = call.thing("view", dict)
    if payload is None:
        raise missing("view")
    return payload


def _answer(call: Call, view: View) -> Json:
    return {"view": view_json(call.workspace, view)}


METHODS = {
    "views.open": Method(open_view, 4),
    "views.publish": Method(publish, 4),
    "views.push": Method(push, 4),
    "views.update": Method(update, 4),
}
