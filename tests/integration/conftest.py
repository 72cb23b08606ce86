"""What tests on real hosts share: three servers for a module, swept for each test."""

import shutil
from collections.abc import Iterator

import pytest

from tests.integration.ssh_deployments import SECRET, Deployments, Source
from tests.integration.ssh_hosts import Fleet, fleet


@pytest.fixture(scope="module")
def three_hosts(tmp_path_factory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("fleet"), 3) as them:
        yield them


@pytest.fixture
def hosts(three_hosts: Fleet) -> Fleet:
    for host in three_hosts.hosts:
        if host.process is None:
            host.start()
        shutil.rmtree(host.home)
        host.home.mkdir()
    return three_hosts


@pytest.fixture
def shop(hosts, tmp_path) -> Deployments:
    return Deployments(hosts, Source(tmp_path / "source"), tmp_path / "data", {"TOKEN": SECRET})
