"""Rows that cannot be read."""

import sqlite3
from contextlib import closing

from funade.domain.answers import StatusShown
from funade.domain.commands import Deploy, Reopen, ShowStatus

PRODUCTION = Deploy(application="shop", environment="production", ref="first")
NEWER = Deploy(application="shop", environment="production", ref="second")
STAGING = Deploy(application="shop", environment="staging", ref="first")


def poison(funade, number: int) -> None:
    """Let the record of #number become unreadable."""

    with closing(sqlite3.connect(funade.world.folder / "store.sqlite")) as store, store:
        store.execute("UPDATE deployments SET asked = '{' WHERE number = ?", [number])


def test_a_record_that_cannot_be_read_blocks_nobody_elsewhere(funade):
    funade.hears("ada", PRODUCTION)
    poison(funade, 1)
    funade.accepts("ada", STAGING)
    assert funade.state(2) == "running"
    funade.program_ends(2)
    shown = funade.hears("ada", ShowStatus())
    assert isinstance(shown, StatusShown)
    assert [one.table for one in shown.quarantined] == ["deployments"]


def test_a_waiting_one_that_cannot_be_read_lets_others_pass(funade):
    funade.hears("ada", PRODUCTION)
    poison(funade, 1)
    funade.accepts("ada", NEWER)
    assert funade.state(2) == "running"
    funade.program_ends(2)


def test_a_running_one_that_cannot_be_read_closes_its_environment_until_a_person_opens_it(funade):
    funade.accepts("ada", PRODUCTION)
    poison(funade, 1)
    funade.dies_and_comes_back()
    funade.accepts("ada", NEWER)
    assert funade.state(2) == "queued"
    folder = funade.world.workspaces.folder(funade.execution(1).deployment, 1)
    funade.sweeps()
    funade.sweeps()
    assert folder.exists(), "it may still run there"
    assert funade.why(2) == ["environment_in_doubt"]
    assert funade.berth("production").doubt.number == 1
    funade.world.place.forgiven.add(("shop", "production"))
    funade.says("ada", Reopen(application="shop", environment="production"))
    assert funade.state(2) == "running"
    funade.program_ends(2)
    assert funade.ended(2) == ("succeeded", "completed", "verified")
