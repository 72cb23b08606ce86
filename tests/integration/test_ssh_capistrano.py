"""A real Capistrano, run by a `command` target, deploys a real repository to real hosts."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = [pytest.mark.needs("cap", "sshd", "git"), pytest.mark.slow, pytest.mark.timeout(300)]

EXAMPLE = Path(__file__).parents[2] / "examples" / "capistrano"
FUNADE = str(Path(sys.executable).with_name("funade"))


@pytest.fixture
def configured(shop, hosts, tmp_path):
    """The example's funade.yaml, with these hosts and this repository in it, and nothing else changed."""
    host = hosts.hosts[0]
    for name in ("Capfile", "config/deploy.rb", "config/deploy/staging.rb"):
        path = shop.source.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((EXAMPLE / name).read_text())
    written = yaml.safe_load((EXAMPLE / "funade.yaml").read_text())
    application = written["applications"]["shop"]
    application["repository"] = str(shop.source.folder)
    variables = application["environments"]["staging"]["target"]["environment"]
    variables |= {
        "SHOP_REPOSITORY": str(shop.source.folder),
        "SHOP_PATH": str(host.place),
        "SHOP_HOSTS": host.address,
        "SHOP_KEY": str(hosts.key),
        "SHOP_KNOWN_HOSTS": str(hosts.known_hosts),
    }
    (tmp_path / "funade.yaml").write_text(yaml.safe_dump(written))
    return tmp_path


def funade(folder: Path, *words: str) -> str:
    environment = {**os.environ, "FUNADE_CONFIG": str(folder / "funade.yaml"), "COLUMNS": "200"}
    done = subprocess.run([FUNADE, *words], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_capistrano_deploys_exactly_the_revision_and_the_stage_that_were_asked_for(configured, shop, hosts):
    host = hosts.hosts[0]
    wanted = shop.source.commit({"index.html": "wanted\n"})
    shop.source.commit({"index.html": "newer, and not asked for\n"})
    funade(configured, "deploy", "shop", "staging", wanted, "--yes")
    assert host.live == wanted
    assert (host.place / "current" / "index.html").read_text() == "wanted\n"
    log = funade(configured, "logs", "1")
    assert re.search(rf"echo \"?{wanted}", log)
    assert "staging" in funade(configured, "show", "1")


def test_what_capistrano_cannot_do_fails_the_deployment(configured, shop, hosts):
    first = shop.source.commit({"index.html": "one\n"})
    funade(configured, "deploy", "shop", "staging", "--yes")
    shop.source.commit({"index.html": "two\n"})
    hosts.hosts[0].stop()
    with pytest.raises(AssertionError, match="failed"):
        funade(configured, "deploy", "shop", "staging", "--yes")
    hosts.hosts[0].start()
    assert hosts.hosts[0].live == first
