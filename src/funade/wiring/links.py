"""Which links there are: those of the configuration's site, or none."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

from funade.domain.application import Site
from funade.domain.deployment import Deployment
from funade.domain.errors import FunadeError
from funade.runner.machine import SystemClock
from funade.secrets import OpenSecrets
from funade.usecases.ports import Links
from funade.web.keys import link_keys
from funade.web.links import Keys, SignedLinks

log = logging.getLogger(__name__)


class NoLinks:
    """The `Links` port where no pages are served."""

    def link_to(self, deployment: Deployment) -> str | None:  # noqa: ARG002 - the port's
        """Return None."""
        return None


@dataclass(slots=True)
class LateKeys:
    """The keys of a site, looked up when they are first used: most commands make no link."""

    site: Site
    data: Path
    secrets: OpenSecrets
    _keys: Keys = field(default=())

    def __call__(self) -> Keys:
        """Return them, or none where they cannot be had: a question about a deployment is answered all the same."""
        try:
            return self.load()
        except FunadeError as error:
            log.warning("no links can be made: %s", error)
            return ()

    def load(self) -> Keys:
        """Return them, or raise FunadeError saying why they cannot be had."""
        self._keys = self._keys or link_keys(self.site, self.data, self.secrets.reveal)
        return self._keys


def links_of(site: Site | None, data: Path, secrets: OpenSecrets, clock: SystemClock) -> Links:
    """Return the links of a site."""
    return (
        NoLinks()
        if site is None
        else SignedLinks(site=site, keys=LateKeys(site, data, secrets), now=clock.now)
    )
