"""The desk and what stands behind it: all that a question needs, and nothing that carries deployments out."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from funade.calendar import CronCalendar
from funade.queue.exchange import QueueExchange
from funade.queue.stored import StoredQueues
from funade.runner.hearing import report_dead
from funade.runner.machine import RandomIds, SystemClock, ThisMachine
from funade.secrets import OpenSecrets
from funade.sources import GitSources
from funade.targets import OpenTargets, Surroundings
from funade.usecases.accept_deployment import AcceptDeployment
from funade.usecases.assemble_release import AssembleRelease
from funade.usecases.cancel_deployment import CancelDeployment
from funade.usecases.change_environment import ChangeEnvironment
from funade.usecases.decide_deployment import DecideDeployment
from funade.usecases.desk import Desk, Verbs
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.forget_old import ForgetfulLogs
from funade.usecases.living import Living
from funade.usecases.pause_everything import PauseEverything
from funade.usecases.plan_deployment import ShowPlan
from funade.usecases.ports import Configurations, GrowingLogs, Links, Logs, Sources, Targets
from funade.usecases.reach import Reach
from funade.usecases.read_log import ReadOutput
from funade.usecases.record_refusal import RecordRefusal
from funade.usecases.request_deployment import RequestDeployment, RetryDeployment, RollBack
from funade.usecases.rules import GatherRules
from funade.usecases.show_deployment import ShowOneDeployment
from funade.usecases.show_history import ShowPast
from funade.usecases.show_status import ShowEverything
from funade.usecases.tell_dead_letters import TellDeadLetters
from funade.usecases.watch_queues import WatchQueues
from funade.wiring.links import links_of
from funade.wiring.privacy import make_private
from funade.wiring.stores import OpenLedger, open_store

#: Renewed at a third; another process takes over when it stood still for this long.
LEASE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every process is made of."""

    data: Path
    folder: Path
    configurations: Configurations
    lease: timedelta
    clock: SystemClock
    ids: RandomIds
    machine: ThisMachine
    ledger: OpenLedger
    sources: Sources
    targets: Targets
    living: Living
    reach: Reach
    logs: Logs
    forgetful_logs: ForgetfulLogs
    growing_logs: GrowingLogs
    bring_logs: Callable[[], None] | None
    exchange: QueueExchange
    watch_queues: WatchQueues
    rules: GatherRules
    links: Links
    desk: Desk


def connect(configurations: Configurations) -> Parts:
    """Open the store that a configuration names, and put the desk before it."""
    configuration = configurations.current()
    data = Path(configuration.data)
    make_private(data)
    lease = timedelta(seconds=float(os.environ.get("FUNADE_LEASE_SECONDS", LEASE.total_seconds())))
    clock, ids, machine, secrets = SystemClock(), RandomIds(), ThisMachine(data), OpenSecrets()
    store = open_store(configuration, secrets)
    ledger, logs = store.ledger, store.logs
    sources = GitSources(data / "sources", secrets)
    exchange = QueueExchange(secrets, clock, ids, stored=StoredQueues(ledger, clock, ids))
    targets = OpenTargets(
        Surroundings(
            data=data,
            store=ledger.id,
            secrets=secrets,
            lease=lease,
            clock=clock,
            ledger=ledger,
            logs=logs,
            exchange=exchange,
        )
    )
    links = links_of(configuration.web, data, secrets, clock)
    living = Living(clock=clock, machine=machine, lease=lease)
    assemble = AssembleRelease(ledger=ledger, sources=sources, targets=targets)
    calendar = CronCalendar()
    rules = GatherRules(configurations=configurations, calendar=calendar)
    explain = ExplainWaiting(rules=rules, living=living, clock=clock)
    accept = AcceptDeployment(ledger=ledger, clock=clock, ids=ids, rules=rules, explain=explain)
    watch_queues = WatchQueues(
        targets=targets,
        configurations=configurations,
        exchange=exchange,
        clock=clock,
        tell=TellDeadLetters(ledger=ledger, exchange=exchange, clock=clock),
        report=report_dead,
    )
    status = ShowEverything(
        ledger=ledger, living=living, calendar=calendar, clock=clock, queues=watch_queues.seen
    )
    verbs = Verbs(
        plan=ShowPlan(assemble=assemble, accept=accept),
        deploy=RequestDeployment(assemble=assemble, accept=accept),
        retry=RetryDeployment(assemble=assemble, accept=accept),
        roll_back=RollBack(ledger=ledger, assemble=assemble, accept=accept),
        decide=DecideDeployment(ledger=ledger, sources=sources, clock=clock, rules=rules, explain=explain),
        cancel=CancelDeployment(ledger=ledger, clock=clock, explain=explain),
        pause=PauseEverything(ledger=ledger, clock=clock),
        change_environment=ChangeEnvironment(ledger=ledger, clock=clock),
        status=status,
        history=ShowPast(ledger=ledger),
        show=ShowOneDeployment(ledger=ledger, logs=logs, explain=explain, status=status, links=links),
        log=ReadOutput(ledger=ledger, logs=logs),
        refuse=RecordRefusal(ledger=ledger, clock=clock),
    )
    return Parts(
        data=data,
        folder=Path(configuration.path).parent,
        configurations=configurations,
        lease=lease,
        clock=clock,
        ids=ids,
        machine=machine,
        ledger=ledger,
        sources=sources,
        targets=targets,
        living=living,
        reach=Reach(clock=clock, machine=machine, living=living, targets=targets),
        logs=logs,
        forgetful_logs=logs,
        growing_logs=logs,
        exchange=exchange,
        watch_queues=watch_queues,
        bring_logs=store.bring_logs,
        rules=rules,
        links=links,
        desk=Desk(configurations=configurations, ledger=ledger, verbs=verbs),
    )
