"""Which deaths in which stories: found in the code and in what the stories pass, sailed two at a time."""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.architecture import source
from tests.crash.case import SERVER, Case, Fleet, Sailed, sail
from tests.crash.scenarios import SCENARIOS, Scenario

WRITTEN_TO = Path(__file__).with_name("matrix.json")
MOMENTS = ("before", "after")
SIDE_BY_SIDE = 2
#: Where the next server dies again after the effect, also when time is short.
DEADLY_TWICE = ("announce.", "command.", "journal.", "store.", "workspace.")
#: In the long run a point is also deadly at its second and later hits, up to this one.
LAST_HIT = 4

EFFECTS = sorted(
    {
        point.name
        for module in source.modules()
        if module.room not in ("failpoints", "testing")
        for point in source.points(module)
    }
)

_CLUSTERS = (
    "tests/scenarios/test_controller_storm.py, tests/kubernetes/test_controller.py: no story has a cluster"
)
_HOSTS = "tests/crash/test_hosts.py: the stories here have no hosts"
_QUEUES = "tests/integration/test_queue_crashes.py: no story has a queue between networks"
_REGISTRIES = "tests/kubernetes/test_ecr_login.py: a command of its own, without a store"
_FAR = "tests/integration/test_kubernetes_job.py: no story has a place in another network"
_REPOSITORIES = "tests/integration/test_sources_crash.py and its neighbours: no story has such a repository"
#: What only stories at Slack pass, or nobody else does as well.
AT_SLACK = {
    point.name
    for module in source.modules()
    if module.name.startswith("funade.chat.slack")
    for point in source.points(module)
}
_DUE = ("slack.open_direct", "store.plan_notices", "store.want_reminders")
#: What no story passes, and who kills there instead, or why nobody can.
ELSEWHERE = {
    **dict.fromkeys(
        _DUE, "tests/integration/slack/test_due_crashes.py: no story waits for what is due there"
    ),
    "store.want_cards": "tests/unit/chat/slack/test_keeping_up.py: no story's place is silent",
    "store.remember_signature": "tests/integration/slack/test_crashes.py: Slack calls nobody over HTTPS here",
    "cli.report": "the command line's word about a mistake of ours, after everything was over",
    "images.apply_pull_secret": _REGISTRIES,
    "copy.commit": "tests/integration/test_store_copy.py",
    "copy.set_aside": "tests/integration/test_store_copy.py",
    "command.ask_system": "only where there is no /proc",
    "command.kill_supervisor": "tests/crash/test_supervisor.py: needs a supervisor that is frozen",
    "command.write_bug": "only after a mistake of ours",
    "store.follow_approvals": "tests/scenarios/test_approving.py: needs people and approvals in the file",
    **dict.fromkeys(
        (
            "store.claim_start",
            "store.add_facts",
            "store.forget_early_output",
            "store.tell_letters",
            "store.note_progress",
            "logs.write",
        ),
        _FAR,
    ),
    "logs.forget": "tests/integration/test_forgetting.py: only what ended long ago",
    "logs.forget_chunks": "tests/integration/test_forgetting.py: only what ended long ago",
    "store.forget_events": "tests/integration/test_forgetting.py: only what ended long ago",
    "store.forget_other_events": "tests/integration/test_forgetting.py: only what ended long ago",
    "sources.add_lfs_filter": _REPOSITORIES,
    "sources.bring_large_files": _REPOSITORIES,
    "sources.end_git": _REPOSITORIES,
    "sources.fetch_commit": _REPOSITORIES,
    "sources.forget_default": _REPOSITORIES,
    "sources.knock": _REPOSITORIES,
    "sources.knock_at_web": _REPOSITORIES,
    "sources.lend_key": _REPOSITORIES,
    "sources.look_for_host_key": _REPOSITORIES,
    "sources.mend_damaged": _REPOSITORIES,
    "sources.remove_damaged": _REPOSITORIES,
    "sources.remove_forgotten_key": _REPOSITORIES,
    "sources.remove_partial": _REPOSITORIES,
    "sources.repack": _REPOSITORIES,
    "sources.rescue_pins": _REPOSITORIES,
    "sources.set_mirror_aside": _REPOSITORIES,
    "sources.share_large_files": _REPOSITORIES,
    "sources.sweep": _REPOSITORIES,
    "sources.sweep_folder": _REPOSITORIES,
    "sources.write_program": _REPOSITORIES,
    **dict.fromkeys((one for one in EFFECTS if one.startswith("queue.")), _QUEUES),
    **dict.fromkeys((one for one in EFFECTS if one.startswith("ssh.")), _HOSTS),
    **dict.fromkeys((one for one in EFFECTS if one.startswith("controller.")), _CLUSTERS),
    "web.make_key": "tests/integration/test_web_serve.py: no story has pages",
    "web.listen": "tests/integration/test_web_serve.py: no story has pages",
    "store.reopen": "only after ten minutes of silence; tests/scenarios",
}


#: What only one of the stores passes.
ONLY = {"postgres": ("postgres.", "logs."), "sqlite": ("store.commit:", "store.make:", "store.sign:")}


def points_of(store: str) -> list[str]:
    """Return the points that stories on that store pass."""
    others = tuple(start for other, starts in ONLY.items() if other != store for start in starts)
    return [
        point
        for effect in EFFECTS
        for moment in MOMENTS
        if effect not in ELSEWHERE
        and (point := f"{effect}:{moment}") not in ELSEWHERE
        and not point.startswith(others)
    ]


POINTS = points_of("sqlite")

#: Which fleets sail with which deaths. The first sails with all; what differs in the others is who writes the store
#: and who takes over, so that by default they die where that is done.
FLEETS = {
    Fleet("sqlite", 1): ("",),
    Fleet("sqlite", 3): ("store.take:", "store.start:", "store.finish:", "announce."),
    Fleet("postgres", 1): ("postgres.", "logs.", "store."),
    Fleet("postgres", 3): (
        "postgres.commit:",
        "store.take:",
        "store.start:",
        "store.ending:",
        "store.finish:",
        "announce.",
    ),
}


#: Where a disk can be full; a store's own errors are other ones, and come with a real full disk. Whoever cannot even
#: close its data folder at its start says so and ends.
FULL_DISKS = [
    f"{point}=error@1"
    for point in POINTS
    if point.endswith(":before")
    and not point.startswith(("announce.", "slack.", "store.", "web.", "wiring."))
]


def deaths_of(fleet: Fleet, *, everything: bool) -> list[str]:
    """Return the deaths that a fleet sails with; to Slack only one of them sails by default."""
    return [
        point
        for point in points_of(fleet.store)
        if everything
        or (point.startswith(FLEETS[fleet]) and (sails_to_slack(fleet) or not is_at_slack(point)))
    ]


def is_at_slack(point: str) -> bool:
    """Tell whether only stories at Slack pass it."""
    return point.partition(":")[0] in AT_SLACK


def sails_to_slack(fleet: Fleet) -> bool:
    """Tell whether a fleet's stories are told at Slack too by default."""
    return fleet == Fleet()


class Matrix:
    """Records every story of a fleet once, then sails the cases; each result may be waited for."""

    def __init__(self, fleet: Fleet, wanted: Iterable[str], *, everything: bool) -> None:
        self.fleet, self._everything = fleet, everything
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="voyage")
        told = [one for one in SCENARIOS if everything or sails_to_slack(fleet) or not one.is_at_slack]
        self.recorded = dict(
            zip(told, self._pool.map(lambda one: sail(Case(one, (), fleet)), told), strict=True)
        )
        self._load = dict.fromkeys(told, 0.0)
        self._sailing: dict[str, list[Future[Sailed]]] = {
            point: [
                self._pool.submit(_sail_first, cases) for cases in self._cases(point, everything=everything)
            ]
            for point in wanted
        }

    def results(self, fault: str) -> list[Sailed]:
        """Return what came of every case of a fault, none when no story passes its point."""
        if fault not in self._sailing:
            cases = self._cases(fault, everything=self._everything)
            self._sailing[fault] = [self._pool.submit(_sail_first, one) for one in cases]
        return [one.result() for one in self._sailing[fault]]

    def close(self) -> None:
        """Stop; what has begun is finished."""
        self._pool.shutdown(cancel_futures=True)

    def rows(self) -> list[dict[str, Any]]:
        """Return what came of it, for the page about it."""
        return [
            {
                "store": self.fleet.store,
                "processes": self.fleet.processes,
                "point": fault.partition("=")[0],
                "fault": "full disk" if "=" in fault else "death",
                "scenario": one.case.scenario.name,
                "deaths": list(one.case.deaths),
                "who": sorted({who for who, passed in one.passed if passed == fault.partition("=")[0]}),
                "ends": list(one.ends),
                "died": one.died,
                "holds": not one.findings,
            }
            for fault, sailing in self._sailing.items()
            for one in (future.result() for future in sailing)
        ]

    def _cases(self, fault: str, *, everything: bool) -> Iterable[Sequence[Case]]:
        """Return the fault's cases, each with others that may stand in for it."""
        point = fault.partition("=")[0]
        passing = [one for one in self.recorded if point in self._points(one)]
        if not passing:
            return
        if not everything:
            # Stories at Slack take longest: they are for what nobody else comes to.
            passing = [one for one in passing if not one.is_at_slack] or passing
            yield self._anywhere(passing, fault)
            twice = [one for one in passing if self._by_server(one, point) and not one.is_at_slack]
            if twice and fault.endswith(":after") and fault.startswith(DEADLY_TWICE):
                yield self._anywhere(twice, fault, fault)
            return
        for one in passing:
            yield [self._case(one, fault)]
            if fault == point and self._by_server(one, point):
                yield [self._case(one, point, point)]
                hits = min(LAST_HIT, self.recorded[one].passed.count((SERVER, point)))
                yield from ([self._case(one, f"{point}@{hit}")] for hit in range(2, hits + 1))

    def _anywhere(self, passing: Sequence[Scenario], *deaths: str) -> Sequence[Case]:
        """Return the story with which least time was spent so far, then the others in case it does not come there."""
        ordered = sorted(passing, key=lambda one: self._load[one] + self.recorded[one].seconds)
        self._load[ordered[0]] += self.recorded[ordered[0]].seconds
        return [self._case(one, *deaths) for one in ordered]

    def _case(self, scenario: Scenario, *deaths: str) -> Case:
        return Case(scenario, deaths, self.fleet)

    def _points(self, scenario: Scenario) -> set[str]:
        return {point for _, point in self.recorded[scenario].passed}

    def _by_server(self, scenario: Scenario, point: str) -> bool:
        return (SERVER, point) in self.recorded[scenario].passed


def write(matrices: Iterable[Matrix]) -> None:
    """Write what came of all of them; what other fleets have seen stays."""
    sailed = list(matrices)
    fleets = {(one.fleet.store, one.fleet.processes) for one in sailed}
    kept = json.loads(WRITTEN_TO.read_text()) if WRITTEN_TO.exists() else []
    rows = [row for row in kept if (row["store"], row["processes"]) not in fleets]
    rows += [row for matrix in sailed for row in matrix.rows()]
    rows.sort(
        key=lambda row: [row[name] for name in ("point", "fault", "store", "processes", "scenario", "deaths")]
    )
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    WRITTEN_TO.write_text(f"[\n{lines}\n]\n")


def _sail_first(cases: Sequence[Case]) -> Sailed:
    """Sail the first case in which the death comes about, or in which anything is wrong."""
    for case in cases[:-1]:
        sailed = sail(case)
        if sailed.died or sailed.findings:
            return sailed
    return sail(cases[-1])
