"""What every implementation of the Secrets port promises."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from funade.domain.application import SecretReference, parse_reference
from funade.domain.errors import SecretError
from funade.secrets import MAXIMUM_BYTES, OpenSecrets
from funade.testing.secrets import FakeSecrets
from funade.usecases.ports import Secrets

#: keeps a value and tells where it is
Keep = Callable[[str], SecretReference]


@pytest.fixture(params=["environment", "file", "fake"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Secrets, Keep]:
    values: dict[str, str] = {}

    def in_environment(value: str) -> SecretReference:
        values["TOKEN"] = value
        return parse_reference("env:TOKEN")

    def in_file(value: str) -> SecretReference:
        (tmp_path / "token").write_bytes(value.encode() + b"\n")
        return parse_reference(f"file:{tmp_path}/token")

    def in_memory(value: str) -> SecretReference:
        values["env:TOKEN"] = value
        return parse_reference("env:TOKEN")

    match request.param:
        case "environment":
            return OpenSecrets(values), in_environment
        case "file":
            return OpenSecrets({}), in_file
        case _:
            return FakeSecrets(values), in_memory


@pytest.mark.parametrize("value", ["hunter2", "two\nlines", " spaces ", "日本語"])
def test_a_value_is_revealed_as_it_was_kept(kept, value):
    secrets, keep = kept
    assert secrets.reveal(keep(value)) == value


def test_a_changed_value_is_revealed_at_once(kept):
    secrets, keep = kept
    secrets.reveal(keep("old"))
    assert secrets.reveal(keep("new")) == "new"


def test_what_is_not_there_is_an_error_that_names_it(kept):
    secrets, keep = kept
    there = keep("hunter2")
    reference = SecretReference(scheme=there.scheme, place=there.place + "_NOT")
    with pytest.raises(SecretError, match=f"`{reference}`"):
        secrets.reveal(reference)


def test_an_empty_secret_is_an_error(kept):
    secrets, keep = kept
    with pytest.raises(SecretError):
        secrets.reveal(keep(""))


def test_no_value_is_shown_by_who_knows_it(kept):
    secrets, keep = kept
    secrets.reveal(keep("hunter2"))
    assert "hunter2" not in repr(secrets)
    assert "hunter2" not in str(secrets)


# Only where there are files and an environment


def test_an_unknown_scheme_is_an_error_that_lists_the_known_ones():
    with pytest.raises(SecretError) as wrong:
        OpenSecrets({}).reveal(SecretReference(scheme="kms", place="alias/x"))
    assert str(wrong.value) == (
        "the secret `kms:alias/x` comes from where this release cannot look; known are `env:NAME`, `file:/path`"
    )


@pytest.mark.parametrize(
    ("written", "value"), [(b"a", "a"), (b"a\n", "a"), (b"a\n\n", "a\n"), (b"a\r\n", "a"), (b"\na", "\na")]
)
def test_one_newline_at_the_end_of_a_file_is_no_part_of_it(tmp_path, written, value):
    (tmp_path / "token").write_bytes(written)
    assert OpenSecrets({}).reveal(parse_reference(f"file:{tmp_path}/token")) == value


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: path.mkdir(), "is not a file"),
        (os.mkfifo, "is not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "is not a file"),
        (lambda path: path.write_bytes(b"hunter2\xff"), "is not UTF-8"),
        (lambda path: path.write_bytes(b"hunter2\0"), "holds a NUL, which no program can be given"),
        (lambda path: path.write_bytes(b"x" * (MAXIMUM_BYTES + 1)), "is larger than 64 KiB"),
        (lambda path: path.write_bytes(b"\n"), "is empty"),
        (lambda path: None, "cannot be read: No such file or directory"),
    ],
    ids=["a folder", "a pipe", "a device", "bytes", "a NUL", "too large", "empty", "nothing"],
)
def test_a_file_that_holds_no_secret_is_an_error_without_its_content(tmp_path, make, problem):
    path = tmp_path / "token"
    make(path)
    with pytest.raises(SecretError) as wrong:
        OpenSecrets({}).reveal(parse_reference(f"file:{path}"))
    assert str(wrong.value) == f"the secret `file:{path}` {problem}"
    assert "hunter2" not in "".join(traceback.format_exception(wrong.value))
    assert "hunter2" not in repr(wrong.value.__context__)


def test_a_file_of_the_largest_size_is_read(tmp_path):
    (tmp_path / "key").write_bytes(b"x" * MAXIMUM_BYTES)
    assert len(OpenSecrets({}).reveal(parse_reference(f"file:{tmp_path}/key"))) == MAXIMUM_BYTES


def test_a_file_that_everybody_can_read_is_a_problem(tmp_path):
    path = tmp_path / "token"
    path.write_text("hunter2")
    path.chmod(0o644)
    reference = parse_reference(f"file:{path}")
    [problem] = OpenSecrets({}).check(reference)
    assert (problem.where, problem.problem, problem.remedy) == (
        f"file:{path}",
        "everybody on this machine can read it",
        f"chmod o-rwx {path}",
    )
    path.chmod(0o640)
    assert not OpenSecrets({}).check(reference)


def test_a_secret_that_cannot_be_revealed_is_a_problem():
    [problem] = OpenSecrets({}).check(parse_reference("env:TOKEN"))
    assert problem.problem == "the secret `env:TOKEN` is not set where Funade runs"
