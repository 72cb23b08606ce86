import re
import tomllib

from tests.architecture import source

LOCK = (source.ROOT / "uv.lock").read_text()


def test_the_lock_names_no_index_but_the_public_one():
    assert set(re.findall(r"https?://([^/\"]+)", LOCK)) <= {"pypi.org", "files.pythonhosted.org"}


def test_the_lock_is_about_this_project():
    ours = [package for package in tomllib.loads(LOCK)["package"] if package["name"] == "funade"]
    assert [package["source"] for package in ours] == [{"editable": "."}]
