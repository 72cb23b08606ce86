"""The names of all verbs. A verb is loaded when it is used; this list loads none."""

from importlib import import_module
from typing import Any, cast

import click

#: verb → where it lives, and its help's first sentence, which a test keeps equal
VERBS: dict[str, tuple[str, str]] = {
    "check": ("funade.cli.setup", "Prove the configuration against the world; deploys nothing."),
    "serve": ("funade.cli.serve", "Run the server: everything in one process."),
    "runner": ("funade.cli.serve", "Carry deployments out beside other processes of the same store."),
    "controller": ("funade.cli.controller", "Turn orders from queues into Jobs of a Kubernetes cluster."),
    "plan": ("funade.cli.reading", "Show what a deploy would do."),
    "deploy": ("funade.cli.asking", "Put a ref into an environment, and follow it there."),
    "retry": ("funade.cli.asking", "Ask again for what an unsuccessful deployment wanted."),
    "rollback": ("funade.cli.asking", "Put back the last release that was seen healthy."),
    "approve": ("funade.cli.deciding", "Say yes to a deployment that waits for it."),
    "reject": ("funade.cli.deciding", "Say no to a deployment that waits."),
    "override": ("funade.cli.deciding", "Let a deployment go ahead despite what stands in its way."),
    "cancel": ("funade.cli.asking", "Ask a deployment to stop."),
    "lock": ("funade.cli.locking", "Keep others out of an environment."),
    "unlock": ("funade.cli.locking", "Let others in again."),
    "reopen": ("funade.cli.locking", "Open an environment that is in doubt: you have looked."),
    "hold": ("funade.cli.locking", "Let automatic deploys of an environment wait."),
    "resume": ("funade.cli.locking", "Let automatic deploys go on, or everything."),
    "pause": ("funade.cli.locking", "Stop everything at once: nothing more is started anywhere."),
    "wait": ("funade.cli.asking", "Follow a deployment to its end."),
    "status": ("funade.cli.reading", "Show what is live where, what runs, what waits."),
    "history": ("funade.cli.reading", "Show the latest deployments and events, newest first."),
    "why": ("funade.cli.reading", "Say why a deployment does not move, or ended as it did."),
    "show": ("funade.cli.reading", "Show everything about one deployment."),
    "link": ("funade.cli.links", "Print an address of a deployment's page."),
    "rights": ("funade.cli.rights", "Show who may do what where."),
    "logs": ("funade.cli.logs", "Write a deployment's output, byte for byte."),
    "prompt": ("funade.cli.conversation", "Talk as in chat, line by line."),
    "say": ("funade.cli.conversation", "Say one sentence as in chat."),
    "parse": ("funade.cli.understanding", "Show how a sentence is understood; does nothing."),
    "playground": (
        "funade.cli.playground",
        "Serve a workspace like Slack on this machine, for any Slack app.",
    ),
    "slack": ("funade.cli.slack", "Put Funade into a Slack workspace."),
    "ecr-login": (
        "funade.cli.registries",
        "Let a Kubernetes cluster pull from AWS ECR for twelve hours more.",
    ),
    "store": ("funade.cli.storing", "Move the store into a database."),
    "queue": ("funade.cli.queue", "Sort what the queues between networks could not get rid of."),
    "config": ("funade.cli.setup", "Show the configuration, or its schema."),
}


def load(verb: str) -> click.Command:
    """Return the command of a verb that is in the list."""
    return cast("click.Command", getattr(import_module(VERBS[verb][0]), verb.replace("-", "_")))


class HungUp(Exception):
    """Whoever read our output has closed it."""


class WholeSentences(click.Group):
    """Lists its verbs with the whole first sentence of their help; click would cut it."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
            formatter.write_dl(
                [(name, (one.help or "").partition("\n")[0]) for name, one in found if one is not None]
            )


class Verbs(click.Group):
    """Loads a verb when it is named, and lists all of them without loading any."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in VERBS:
            return None
        return load(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415 - nobody else needs it

            from funade.cli.session import wrong  # noqa: PLC0415 - as above
            from funade.texts import usage  # noqa: PLC0415 - as above

            near = get_close_matches(args[0], VERBS, 1)
            wording = usage.NO_VERB_NEAR if near else usage.NO_VERB
            error = wrong(wording, verb=args[0], near=near[0] if near else "")
            error.ctx = ctx
            raise error
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # click would end with 1, which is a deployment's failure.
            raise HungUp from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        with formatter.section("Verbs"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in VERBS.items()])
