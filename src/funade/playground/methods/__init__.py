"""Slack's Web API: the methods that a bot uses."""

from funade.playground.methods import chat, connecting, conversations, files, people, reactions, views

METHODS = {
    **chat.METHODS,
    **connecting.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **people.METHODS,
    **reactions.METHODS,
    **views.METHODS,
}
