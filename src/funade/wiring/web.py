"""The HTTP side of `funade serve`: the site of the configuration, with every room's doors in it."""

from collections.abc import Mapping, Sequence

from funade.domain.application import Site
from funade.runner.loop import Runner
from funade.web.doors import HttpDoor
from funade.web.health import Health, Report
from funade.web.listener import Listener
from funade.web.site import make_site
from funade.wiring.health import reports_of
from funade.wiring.parts import Parts


def open_site(
    site: Site, parts: Parts, runner: Runner, *, doors: Sequence[HttpDoor], reports: Mapping[str, Report]
) -> Listener:
    """Return what listens; `doors` and `reports` are those of other rooms."""
    health = Health(reports={**reports_of(parts, runner), **reports})

    def hush() -> None:
        health.stopping = True

    return Listener(
        make_site(site, health, doors=doors), site.host, site.port, proxies=site.proxies, hush=hush
    )
