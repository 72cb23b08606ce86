"""What others can read in a data folder."""

import os

import pytest

from funade.domain.errors import StoreError
from funade.wiring.privacy import make_private


def mode(path):
    return oct(path.stat().st_mode & 0o777)


def test_a_new_folder_is_for_its_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        make_private(tmp_path / "a" / "data")
    finally:
        os.umask(before)
    assert mode(tmp_path / "a" / "data") == "0o700"


def test_what_was_left_open_is_closed(tmp_path):
    data = tmp_path / "data"
    for name in ("attempts", "sources"):
        (data / name).mkdir(parents=True)
        (data / name).chmod(0o755)
    data.chmod(0o755)
    make_private(data)
    assert {mode(one) for one in (data, data / "attempts", data / "sources")} == {"0o700"}


def test_a_folder_in_which_people_keep_their_file_stays_theirs_and_what_is_ours_in_it_is_closed(tmp_path):
    (tmp_path / "funade.yaml").touch()
    for name in ("attempts", "website"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o755)
    tmp_path.chmod(0o755)
    make_private(tmp_path)
    assert [mode(one) for one in (tmp_path, tmp_path / "attempts", tmp_path / "website")] == [
        "0o755",
        "0o700",
        "0o755",
    ]


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere").chmod(0o755)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "attempts").symlink_to(tmp_path / "elsewhere")
    make_private(tmp_path / "data")
    assert mode(tmp_path / "elsewhere") == "0o755"


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot be made .* choose another"):
        make_private(tmp_path / "file" / "data")
