"""From an accepted command to the first instruction of its program while 20 other deployments run, on SQLite.

20 environments have a program that sleeps; in another one 100 deployments of `date +%s%N` follow each other, asked for
over the socket as a chat does. Accepted is the moment in the stored request, the first instruction what the program
prints. `beyond_start` is without what a process takes to start here, measured in the same run.
"""

import json
import time
from datetime import datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

from benchmarks._ground import Ground, ground, percentile
from benchmarks.start import _program_start
from funade.cli.socket_connection import SocketConnection
from funade.domain.answers import Accepted, Answer, DeploymentShown
from funade.domain.commands import Cancel, Command, Deploy, ShowDeployment
from funade.web import address

IN_FLIGHT, DEPLOYMENTS = 20, 100
LOOK_SECONDS = 0.05
PROGRAM = ["sh", "-c", 'date +%s%N; [ "$FUNADE_ENVIRONMENT" = place0 ] || exec sleep 600']


def run() -> dict[str, float]:
    """Return milliseconds."""
    with ground(files=1, run=PROGRAM, environments=IN_FLIGHT + 1) as place:
        start = median(_program_start() for _ in range(30))
        with place.server():
            record = address.read_record(place.folder / ".funade")
            assert record is not None, "it is ready"
            connection = SocketConnection(Path(record.socket), data=place.folder / ".funade")
            running = [_deploy(connection, f"place{number}") for number in range(1, IN_FLIGHT + 1)]
            for number in running:
                _wait(connection, number, "running")
            taken = [_first_instruction(place, connection) for _ in range(DEPLOYMENTS)]
            for number in running:
                _ask(connection, Cancel(number=number))
            for number in running:
                _wait(connection, number, "cancelled", "failed")
            connection.close()
    return {
        "accepted_to_first_instruction_p50_ms": median(taken),
        "accepted_to_first_instruction_p99_ms": percentile(taken, 99),
        "program_start_p50_ms": start,
        "beyond_start_p50_ms": median(taken) - start,
        "beyond_start_p99_ms": percentile(taken, 99) - start,
    }


def _first_instruction(place: Ground, connection: SocketConnection) -> float:
    number = _deploy(connection, "place0")
    accepted = _wait(connection, number, "succeeded").timestamp()
    return (int(place.funade("logs", str(number))) / 1e9 - accepted) * 1000


def _deploy(connection: SocketConnection, environment: str) -> int:
    answer = _ask(connection, Deploy(application="shop", environment=environment, ref="main"))
    if not isinstance(answer, Accepted):
        raise TypeError(json.dumps(str(answer)))
    return answer.deployment.number


def _wait(connection: SocketConnection, number: int, *states: str) -> datetime:
    """Return when it was accepted, once it is in one of these states."""
    while True:
        shown = _ask(connection, ShowDeployment(number=number))
        if isinstance(shown, DeploymentShown) and shown.deployment.state in states:
            return shown.deployment.asked_at
        time.sleep(LOOK_SECONDS)


def _ask(connection: SocketConnection, command: Command) -> Answer:
    return connection.ask(command, str(uuid4()))
