import os
import subprocess
import sys
from pathlib import Path

from funade.web import address
from funade.web.address import Presence


def test_the_socket_lives_in_the_data_folder(tmp_path):
    assert address.socket_path(Path("/var/lib/funade")) == Path("/var/lib/funade/run/funade.sock")


def test_a_long_data_folder_gets_a_short_socket_in_the_persons_run_folder(monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    long, other = Path("/srv" + "/deep" * 30), Path("/srv" + "/deep" * 31)
    assert address.socket_path(long).parent == Path("/run/user/1000/funade")
    assert address.socket_path(long) != address.socket_path(other)


def test_without_a_run_folder_it_goes_to_a_private_one_under_tmp():
    path = address.socket_path(Path("/srv" + "/deep" * 30))
    assert path.parent == Path(f"/tmp/funade-{os.getuid()}")
    assert address.fits(path)


def test_bytes_are_counted_not_letters():
    assert address.fits(Path("/" + "a" * 98))
    assert not address.fits(Path("/" + "船" * 40))


def test_nobody_serves_a_folder_that_does_not_exist(tmp_path):
    assert address.look(tmp_path / "none") == Presence(alive=False)


def test_a_record_without_a_lock_is_that_of_a_dead_server(tmp_path):
    (tmp_path / "server.lock").touch()
    (tmp_path / "server.json").write_text(
        '{"pid": 1, "boot": "", "birth": "", "version": "1", "socket": "/x"}'
    )
    assert address.look(tmp_path) == Presence(alive=False)


def test_a_broken_record_is_none(tmp_path):
    (tmp_path / "server.json").write_text('{"pid": "one"')
    assert address.read_record(tmp_path) is None


def test_asking_where_the_server_is_loads_no_web_server():
    code = "import sys, funade.web.address, funade.web.peer; print('asyncio' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
