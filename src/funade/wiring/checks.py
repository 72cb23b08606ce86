"""`funade check`: the configuration against the world; deploys nothing."""

from dataclasses import replace
from pathlib import Path

from funade.domain.application import Configuration
from funade.domain.orders import Problem
from funade.domain.release import Release
from funade.domain.revision import Revision
from funade.queue.exchange import QueueExchange
from funade.runner.machine import RandomIds, SystemClock
from funade.secrets import OpenSecrets
from funade.sources import GitSources
from funade.targets import OpenTargets, Surroundings
from funade.usecases.check_dead_letters import shared_dead_letters
from funade.usecases.queue_ports import QueuePlace
from funade.wiring.parts import LEASE


async def find_problems(configuration: Configuration) -> list[Problem]:
    """Return every precondition that does not hold, of repositories and of targets."""
    secrets = OpenSecrets()
    data = Path(configuration.data)
    sources = GitSources(data / "sources", secrets)
    async with QueueExchange(secrets, SystemClock(), RandomIds()) as exchange:
        return await _problems(configuration, secrets, sources, exchange)


async def _problems(
    configuration: Configuration, secrets: OpenSecrets, sources: GitSources, exchange: QueueExchange
) -> list[Problem]:
    targets = OpenTargets(
        Surroundings(
            data=Path(configuration.data),
            store="",
            secrets=secrets,
            lease=LEASE,
            clock=SystemClock(),
            exchange=exchange,
        )
    )
    problems: list[Problem] = []
    queues: dict[str, QueuePlace] = {}
    for key in configuration.web.signing_keys if configuration.web else ():
        problems += secrets.check(key)
    for application in configuration.applications.values():
        repository = application.repository
        for reference in (repository.password, repository.ssh_key):
            problems += secrets.check(reference) if reference else ()
        problems += await sources.check(repository)
        for environment in application.environments.values():
            release = Release(
                application=application.name,
                environment=environment.name,
                revision=Revision("0" * 40),
                repository=application.repository,
                target=environment.target,
                verify=environment.verify,
            )
            place = f"applications.{application.name}.environments.{environment.name}.target"
            problems += [
                replace(one, where=f"{place}.{one.where}") for one in await targets.open(release).check()
            ]
            for name, queue in (
                ("queue", targets.orders_to(environment.target)),
                ("facts", targets.facts_from(environment.target)),
            ):
                if queue is not None:
                    queues[f"{place}.{name}"] = queue
    problems += await shared_dead_letters(exchange, queues)
    if configuration.slack is not None:
        from funade.chat.slack.check import find_problems as problems_with_slack  # noqa: PLC0415 - else not loaded

        problems += await problems_with_slack(configuration, secrets)
    return problems
