"""The HTTP side of `funade serve`: the site of the configuration, with every room's doors in it."""

from collections.abc import Mapping, Sequence

from funade.domain.application import Site
from funade.runner.loop import Runner
from funade.secrets import OpenSecrets
from funade.web.doors import HttpDoor
from funade.web.health import Health, Report
from funade.web.listener import Listener
from funade.web.pages.door import DeploymentPages
from funade.web.site import make_site
from funade.wiring.health import reports_of
from funade.wiring.links import LateKeys
from funade.wiring.parts import Parts


def open_site(
    site: Site, parts: Parts, runner: Runner, *, doors: Sequence[HttpDoor], reports: Mapping[str, Report]
) -> Listener:
    """Return what listens; `doors` and `reports` are those of other rooms."""
    keys = LateKeys(site, parts.data, OpenSecrets())
    # A key that cannot be had is told now and not by pages that open for nobody.
    keys.load()
    health = Health(reports={**reports_of(parts, runner), **reports})
    pages = DeploymentPages(desk=parts.desk, site=site, keys=keys, now=parts.clock.now)

    def hush() -> None:
        health.stopping = True
        pages.feeds.close()

    app = make_site(site, health, doors=doors, pages=pages.routes())
    return Listener(app, site.host, site.port, proxies=site.proxies, hush=hush)
