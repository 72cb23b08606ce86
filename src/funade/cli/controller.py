"""`funade controller`: in the foreground, its log on standard error."""

import asyncio
import logging
from pathlib import Path

import click
import structlog

from funade.cli import options
from funade.cli.exit_codes import Exit
from funade.cli.log import set_up_log
from funade.cli.rooms import wiring
from funade.cli.serve import LOG_FORMAT
from funade.cli.session import Session
from funade.texts import terminal


@click.command()
@click.option(
    "--namespace",
    metavar="NAME",
    help="Where its DeployQueues, guards and Jobs are; the pod's own, or the context's, when not given.",
)
@click.option(
    "--kubeconfig",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The cluster; without it that of KUBECONFIG, of the pod, or of the home folder.",
)
@click.option("--context", metavar="NAME", help="A context of the kubeconfig.")
@click.option(
    "--alone",
    is_flag=True,
    help="Work at once, without a Lease: where only one of them ever runs.",
)
@LOG_FORMAT
@options.session
def controller(  # noqa: PLR0913 -- each is an option
    session: Session,
    *,
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    alone: bool,
    log_format: str,
) -> Exit:
    """Turn orders from queues into Jobs of a Kubernetes cluster.

    It looks after the DeployQueues of one namespace: takes the orders from their queues, makes one Job of each, and
    tells what becomes of it. Any number may run; one works, the others wait. SIGTERM and Ctrl-C stop it, and what runs
    goes on in the cluster.
    """
    set_up_log(level=logging.INFO, as_json=log_format == "json", colors=session.color is True)
    process = wiring().build_controller(kubeconfig, context, namespace, lambda: session.path, leads=not alone)
    asyncio.run(process.run())
    structlog.get_logger("funade").info(session.word(terminal.STOPPED))
    return Exit.SUCCEEDED
