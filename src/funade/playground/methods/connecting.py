"""`auth.*`, `apps.*`, `api.*`: an app finds out who it is and opens its socket."""

from funade.playground.errors import Json, SlackError
from funade.playground.methods.call import Call, Method


def auth_test(call: Call) -> Json:
    team = call.workspace.team
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": call.bot.name,
        "team_id": team.id,
        "user_id": call.app.bot_user,
        "bot_id": call.app.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(call: Call) -> Json:
    """Return the address of a new socket."""
    if not call.app.socket_mode:
        # Not documented; what matters is that a client that asks again and again is told so again and again.
        raise SlackError("socket_mode_not_enabled")
    return {"url": call.stage.courier.sockets.open(call.app)}


def api_test(call: Call) -> Json:
    if error := call.text("error"):
        raise SlackError(error, args=call.arguments)
    return {"args": call.arguments}


METHODS = {
    "api.test": Method(api_test, 4),
    "apps.connections.open": Method(open_connection, 3, needs_app_token=True),
    "auth.test": Method(auth_test, 5),
}
