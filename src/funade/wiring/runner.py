"""The runner of a process: whatever it takes to carry deployments out."""

from collections.abc import Callable

from funade.chat.slack.announcer import SlackAnnouncer
from funade.domain.deployment import Deployment
from funade.runner.hearing import Hearing, reporting_to
from funade.runner.journal import Everybody, Journal
from funade.runner.lease import Heart
from funade.runner.loop import Runner
from funade.runner.workspaces import FolderWorkspaces
from funade.usecases.announce import Announce
from funade.usecases.carry_out_deployment import CarryOutDeployment
from funade.usecases.end_waiting import EndWaiting
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.finish_deployment import FinishDeployment
from funade.usecases.follow_approvals import FollowApprovals
from funade.usecases.follow_progress import FollowProgress
from funade.usecases.forget_old import ForgetOld
from funade.usecases.ledger_ports import Announcement
from funade.usecases.receive_facts import ReceiveFacts
from funade.usecases.reconcile_deployments import ReconcileDeployments
from funade.usecases.shares import Shares
from funade.usecases.start_attempt import StartAttempt, TakeTurn
from funade.usecases.sweep import Sweep
from funade.verification import LiveVerifier
from funade.wiring.parts import Parts

Tell = Callable[[Announcement, Deployment | None], None]


def build_runner(parts: Parts, *, role: str, tell: Tell) -> Runner:
    """Return the runner of these parts; `tell` hears each event once."""
    ledger, clock, living, rules = parts.ledger, parts.clock, parts.living, parts.rules
    heart = Heart(ledger, parts.machine, clock, parts.ids, role=role, length=parts.lease)
    explain = ExplainWaiting(rules=rules, living=living, clock=clock)
    workspaces = FolderWorkspaces(parts.data / "workspaces")
    carry_out = CarryOutDeployment(
        ledger=ledger,
        sources=parts.sources,
        targets=parts.targets,
        workspaces=workspaces,
        lease=heart,
        clock=clock,
        reach=parts.reach,
        take=TakeTurn(
            ledger=ledger,
            lease=heart,
            clock=clock,
            living=living,
            reach=parts.reach,
            workspaces=workspaces,
            rules=rules,
        ),
        follow_progress=FollowProgress(ledger=ledger, targets=parts.targets, clock=clock),
        start=StartAttempt(ledger=ledger, sources=parts.sources, clock=clock, rules=rules, explain=explain),
        finish=FinishDeployment(
            ledger=ledger,
            targets=parts.targets,
            verifier=LiveVerifier(folder=parts.folder),
            workspaces=workspaces,
            lease=heart,
            clock=clock,
        ),
    )
    return Runner(
        ledger=ledger,
        heart=heart,
        clock=clock,
        reconcile=ReconcileDeployments(
            ledger=ledger,
            living=living,
            reach=parts.reach,
            lease=heart,
            clock=clock,
            rules=rules,
            shares=Shares(clock=clock),
        ),
        carry_out=carry_out,
        end_waiting=EndWaiting(ledger=ledger, clock=clock, explain=explain),
        announce=Announce(
            ledger=ledger,
            announcer=Everybody(
                (
                    SlackAnnouncer(ledger=ledger, configurations=parts.configurations),
                    Journal(parts.data / "announcements.jsonl", tell),
                )
            ),
            lease=heart,
            living=living,
        ),
        sweep=Sweep(ledger=ledger, targets=parts.targets, workspaces=workspaces, lease=heart, clock=clock),
        follow_approvals=FollowApprovals(ledger=ledger, clock=clock, rules=rules),
        forget_old=ForgetOld(
            ledger=ledger, logs=parts.forgetful_logs, clock=clock, configurations=parts.configurations
        ),
        bring_logs=parts.bring_logs,
        hear=Hearing(
            ledger=ledger,
            targets=parts.targets,
            configurations=parts.configurations,
            exchange=parts.exchange,
            receive=ReceiveFacts(
                ledger=ledger,
                targets=parts.targets,
                logs=parts.growing_logs,
                clock=clock,
                report=reporting_to(parts.watch_queues),
            ),
            watch=parts.watch_queues,
            clock=clock,
        ).run,
    )


def say_nothing(announcement: Announcement, now: Deployment | None) -> None:
    """Say nothing: the journal has it."""
