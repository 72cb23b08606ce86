"""The verb that keeps a cluster's way into a registry open."""

from pathlib import Path

import click

from funade.cli import options
from funade.cli.exit_codes import Exit
from funade.cli.rooms import wiring
from funade.cli.session import Session

# ruff: noqa: PLC0415 - a command loads what it uses


@click.command("ecr-login")
@click.option(
    "--registry",
    "registries",
    multiple=True,
    required=True,
    metavar="HOST",
    help="A registry of ECR, as the names of its images begin. May be repeated.",
)
@click.option("--secret", default="ecr", show_default=True, metavar="NAME", help="The Secret to write.")
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    metavar="NAME",
    help="Where to write it; without it, our own. May be repeated.",
)
@click.option(
    "--kubeconfig",
    type=click.Path(path_type=Path),
    help="Which cluster; without it KUBECONFIG, the cluster of this pod, or ~/.kube/config.",
)
@click.option(
    "--context", metavar="NAME", help="Which context of the kubeconfig; without it, its current one."
)
@click.option("--force", is_flag=True, help="Take the Secret from whoever else writes it.")
@click.option("--check", "checking", is_flag=True, help="Only see whether it could be done; write nothing.")
@options.session
def ecr_login(
    session: Session,
    *,
    checking: bool,
    registries: tuple[str, ...],
    namespaces: tuple[str, ...],
    **chosen: object,
) -> Exit:
    """Let a Kubernetes cluster pull from AWS ECR for twelve hours more.

    Gets a password from AWS, and writes it into an image pull Secret of each namespace, which need not be there yet.
    A namespace where that does not work is named, the others are served, and it ends with 6. The password is never
    printed.
    """
    from funade.texts import terminal
    from funade.texts.times import moment
    from funade.texts.troubles import trouble

    until, each = wiring().log_in_to_ecr(
        registries=registries, namespaces=namespaces, checking=checking, **chosen
    )
    reader = session.reader
    good = terminal.COULD_PULL if checking else terminal.MAY_PULL
    for one in each:
        if one.problem is None:
            when = moment(until, reader)
            click.echo(
                session.word(good, namespace=one.namespace, registries=", ".join(registries), until=when)
            )
        else:
            click.echo(f"funade: {trouble(one.problem, reader)}", err=True)
    return Exit.TROUBLE if any(one.problem for one in each) else Exit.SUCCEEDED
