import os

import pytest

from funade import settings
from funade.domain.errors import ConfigError


def test_the_file_is_found_from_deep_inside(tmp_path):
    (tmp_path / "funade.yaml").touch()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert settings.find(deep, {}) == tmp_path / "funade.yaml"


def test_the_nearest_one_is_meant(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "funade.yaml").touch()
    (tmp_path / "a" / "funade.yaml").touch()
    assert settings.find(tmp_path / "a", {}) == tmp_path / "a" / "funade.yaml"


def test_the_variable_is_stronger(tmp_path):
    (tmp_path / "funade.yaml").touch()
    assert settings.find(tmp_path, {"FUNADE_CONFIG": "/etc/x.yaml"}).as_posix() == "/etc/x.yaml"
    assert settings.find(tmp_path, {"FUNADE_CONFIG": "x.yaml"}) == tmp_path / "x.yaml"


def test_where_there_is_none_it_says_how_to_have_one(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no `funade\.yaml` in this folder or above — write one"):
        settings.find(tmp_path, {})


def test_the_other_ending_is_noticed(tmp_path):
    (tmp_path / "funade.yml").touch()
    with pytest.raises(ConfigError, match=r"rename `funade\.yml` to `funade\.yaml`"):
        settings.find(tmp_path, {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_strangers_file_above_is_not_obeyed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "funade.yaml").touch()
    os.chown(tmp_path / "funade.yaml", 12345, 12345)
    with pytest.raises(
        ConfigError, match=r"belongs to somebody else \(user id 12345\) — if you trust it: `FUNADE_CONFIG="
    ):
        settings.find(tmp_path / "mine", {})
    assert settings.find(tmp_path, {}) == tmp_path / "funade.yaml"
