from pathlib import Path

import pytest

from funade.domain.application import Database, SecretReference
from funade.settings import ConfigErrors, read
from tests.unit.settings.kinds import KINDS

SMALLEST = """applications:
  shop:
    repository: /srv/shop.git
    environments:
      staging:
        target: {kind: command, run: [make]}
"""


def database(text: str) -> Database | None:
    return read((SMALLEST + text).encode(), Path("/etc/funade.yaml"), KINDS).database


def test_without_one_the_store_is_a_file():
    assert database("") is None


def test_an_address_is_enough():
    assert database("database: postgresql://funade@db/funade") == Database(
        url="postgresql://funade@db/funade"
    )


def test_the_password_is_a_reference():
    text = "database: {url: 'postgres://u@db1:5433,db2/f?sslmode=require', password: env:PASSWORD}"
    assert database(text) == Database(
        url="postgres://u@db1:5433,db2/f?sslmode=require",
        password=SecretReference(scheme="env", place="PASSWORD"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("database: postgresql://u:opensesame@db/f", "secret"),
        ("database: 'postgresql://u:@db/f'", "password"),
        ("database: 'postgresql://u@db/f?password=opensesame'", "must not hold `password`"),
        ("database: 'postgresql://u@db/f?sslpassword=opensesame'", "must not hold `sslpassword`"),
        ("database: {url: 'postgresql://u@db/f', password: opensesame}", "by reference only"),
        ("database: mysql://db/f", "SQLite or PostgreSQL"),
        ("database: postgresql://", "no host"),
        ("database: postgresql://db", "no database"),
        ("database: 'postgresql://[db/f'", "no address"),
        ("database: {password: env:X}", "is missing"),
        ("databse: postgresql://db/f", "did you mean `database`"),
    ],
)
def test_what_is_wrong_is_said_and_no_password_repeated(text, said):
    with pytest.raises(ConfigErrors) as caught:
        database(text)
    assert said in str(caught.value)
    assert "opensesame" not in str(caught.value)
