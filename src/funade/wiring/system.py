"""Connect every room into what a process is made of."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from funade.calendar import CronCalendar
from funade.domain.deployment import Deployment
from funade.runner.journal import Journal
from funade.runner.lease import Heart
from funade.runner.loop import Runner
from funade.runner.machine import RandomIds, SystemClock, ThisMachine
from funade.runner.workspaces import FolderWorkspaces
from funade.secrets import OpenSecrets
from funade.sources import GitSources
from funade.store.attempt_logs import AttemptLogs
from funade.store.sqlite import SqliteLedger
from funade.targets import OpenTargets, Surroundings
from funade.usecases.accept_deployment import AcceptDeployment
from funade.usecases.announce import Announce
from funade.usecases.assemble_release import AssembleRelease
from funade.usecases.cancel_deployment import CancelDeployment
from funade.usecases.carry_out_deployment import CarryOutDeployment
from funade.usecases.change_environment import ChangeEnvironment
from funade.usecases.decide_deployment import DecideDeployment
from funade.usecases.desk import Desk, Verbs
from funade.usecases.end_waiting import EndWaiting
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.finish_deployment import FinishDeployment
from funade.usecases.living import Living
from funade.usecases.pause_everything import PauseEverything
from funade.usecases.plan_deployment import ShowPlan
from funade.usecases.ports import Announcement, Configurations
from funade.usecases.read_log import ReadOutput
from funade.usecases.reconcile_deployments import ReconcileDeployments
from funade.usecases.request_deployment import RequestDeployment, RetryDeployment, RollBack
from funade.usecases.rules import GatherRules
from funade.usecases.show_deployment import ShowOneDeployment
from funade.usecases.show_history import ShowPast
from funade.usecases.show_status import ShowEverything
from funade.usecases.start_attempt import StartAttempt, TakeTurn
from funade.usecases.sweep import Sweep
from funade.verification import LiveVerifier

#: Renewed at a third; another process takes over when it stood still for this long.
LEASE = timedelta(seconds=15)
STORE = "store.sqlite"

Tell = Callable[[Announcement, Deployment | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What every process is made of."""

    ledger: SqliteLedger
    desk: Desk
    runner: Runner


def build(configurations: Configurations, *, role: str, tell: Tell) -> System:
    """Connect every room."""
    data = Path(configurations.current().data)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    lease = timedelta(seconds=float(os.environ.get("FUNADE_LEASE_SECONDS", LEASE.total_seconds())))
    clock, ids, machine, secrets = SystemClock(), RandomIds(), ThisMachine(), OpenSecrets()
    ledger = SqliteLedger(data / STORE)
    sources = GitSources(data / "sources", secrets)
    targets = OpenTargets(Surroundings(data=data, store=ledger.id, secrets=secrets, lease=lease, clock=clock))
    logs = AttemptLogs(data)
    workspaces = FolderWorkspaces(data / "workspaces")
    verifier = LiveVerifier(folder=Path(configurations.current().path).parent)
    living = Living(clock=clock, machine=machine, lease=lease)
    heart = Heart(ledger, machine, clock, ids, role=role, length=lease)
    assemble = AssembleRelease(ledger=ledger, sources=sources, targets=targets)
    rules = GatherRules(configurations=configurations, calendar=CronCalendar())
    explain = ExplainWaiting(rules=rules, living=living, clock=clock)
    accept = AcceptDeployment(ledger=ledger, clock=clock, ids=ids, rules=rules, explain=explain)
    verbs = Verbs(
        plan=ShowPlan(assemble=assemble),
        deploy=RequestDeployment(assemble=assemble, accept=accept),
        retry=RetryDeployment(assemble=assemble, accept=accept),
        roll_back=RollBack(ledger=ledger, assemble=assemble, accept=accept),
        decide=DecideDeployment(ledger=ledger, sources=sources, clock=clock, rules=rules, explain=explain),
        cancel=CancelDeployment(ledger=ledger, clock=clock, explain=explain),
        pause=PauseEverything(ledger=ledger, clock=clock),
        change_environment=ChangeEnvironment(ledger=ledger, clock=clock),
        status=ShowEverything(ledger=ledger, living=living),
        history=ShowPast(ledger=ledger),
        show=ShowOneDeployment(ledger=ledger, logs=logs, explain=explain),
        log=ReadOutput(ledger=ledger, logs=logs),
    )
    start = StartAttempt(ledger=ledger, sources=sources, clock=clock, rules=rules)
    finish = FinishDeployment(
        ledger=ledger, targets=targets, verifier=verifier, workspaces=workspaces, lease=heart, clock=clock
    )
    carry_out = CarryOutDeployment(
        ledger=ledger,
        sources=sources,
        targets=targets,
        workspaces=workspaces,
        lease=heart,
        clock=clock,
        take=TakeTurn(
            ledger=ledger, lease=heart, clock=clock, living=living, workspaces=workspaces, rules=rules
        ),
        start=start,
        finish=finish,
    )
    runner = Runner(
        ledger=ledger,
        heart=heart,
        clock=clock,
        reconcile=ReconcileDeployments(ledger=ledger, living=living, lease=heart, clock=clock, rules=rules),
        carry_out=carry_out,
        end_waiting=EndWaiting(ledger=ledger, clock=clock),
        announce=Announce(
            ledger=ledger,
            announcer=Journal(data / "announcements.jsonl", tell),
            lease=heart,
            living=living,
        ),
        sweep=Sweep(ledger=ledger, targets=targets, workspaces=workspaces, lease=heart, clock=clock),
    )
    desk = Desk(configurations=configurations, ledger=ledger, clock=clock, verbs=verbs)
    return System(ledger=ledger, desk=desk, runner=runner)


def say_nothing(announcement: Announcement, now: Deployment | None) -> None:
    """Say nothing: the journal has it."""
