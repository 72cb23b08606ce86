"""What a server may live through with one program, for the tests that kill it meanwhile."""

from tests.integration.programs import Machine, execution, until

#: Keeps a journal; whoever runs beside another one writes so.
PROGRAM = """
exec 9>alone; flock -n 9 || echo "beside another one" >>journal
echo "begin $FUNADE_DEPLOYMENT/$FUNADE_ATTEMPT" >>journal
echo $$ >>pids; echo deploying
sleep $1 9>&-
"""


def program(seconds: float) -> list[str]:
    return ["sh", "-c", PROGRAM, "deploy", str(seconds)]


async def runs_to_its_end(machine: Machine) -> None:
    it = await machine.start(program(0.05))
    await machine.place.wait(it)


async def is_cancelled(machine: Machine) -> None:
    it = await machine.start(["sh", "-c", f"trap '' TERM; {PROGRAM}", "deploy", "600"], kill_grace=0.1)
    await until((machine.workspace / "pids").exists, seconds=3)
    await machine.place.cancel(it)
    await machine.place.wait(it)


async def is_sealed(machine: Machine) -> None:
    await machine.place.cancel(execution())


async def loses_its_supervisor(machine: Machine) -> None:
    it = await machine.start(program(600))
    machine.supervisor(it).kill()
    await machine.place.wait(it)


STORIES = {
    "runs to its end": runs_to_its_end,
    "is cancelled": is_cancelled,
    "is sealed": is_sealed,
    "loses its supervisor": loses_its_supervisor,
}
