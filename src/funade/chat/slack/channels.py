"""Which channels the configuration names. Pure."""

from funade.domain.application import Configuration


def channels_named(configuration: Configuration) -> frozenset[str]:
    """Return every channel that the configuration names."""
    own = {one.channel for one in configuration.applications.values() if one.channel}
    slack = configuration.slack
    return frozenset(own | ({slack.channel} if slack is not None and slack.channel else set()))
