"""A local workspace that looks and behaves like Slack, as a server; it knows nothing of what talks to it."""

from funade.playground.server import Playground

__all__ = ["Playground"]
