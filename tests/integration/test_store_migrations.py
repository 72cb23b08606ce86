"""The store's shape, and how it comes to change."""

import ast
import re
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from funade.store import migrations, schema
from funade.store.sqlite import SqliteLedger

FOLDER = Path(migrations.__file__).parent
SCRIPTS = sorted((FOLDER / "versions").glob("*.py"))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "store.sqlite"
    SqliteLedger(path).close()
    return path


def test_the_scripts_make_what_the_code_expects(path):
    with create_engine(f"sqlite:///{path}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_the_scripts_make_what_the_code_expects_to_the_letter(path):
    # Alembic compares neither conditions of indexes nor AUTOINCREMENT.
    migrated, made = create_engine(f"sqlite:///{path}"), create_engine("sqlite://")
    with migrated.connect() as one, made.connect() as other:
        schema.metadata.create_all(other)
        assert statements(one) == statements(other)


def statements(connection):
    found = connection.execute(
        text(
            "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
        )
    )
    return {name: re.sub(r"\s+", " ", sql or "") for name, sql in found}


def test_there_is_one_line_of_scripts_and_this_release_knows_its_end():
    scripts = ScriptDirectory(str(FOLDER))
    assert scripts.get_heads() == [migrations.HEAD]
    line = [one.revision for one in scripts.walk_revisions()]
    assert len(line) == len(SCRIPTS)
    assert line == sorted(line, reverse=True), "their numbers are compared as text"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_says_its_phase_and_stands_on_nothing_that_changes(script):
    tree = ast.parse(script.read_text())
    number, phase, _ = script.stem.split("_", 2)
    assert re.fullmatch(r"\d{4}", number)
    assert f"\nPhase: {phase}" in (ast.get_docstring(tree) or "")
    assert phase in ("pre", "post")
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert [name for name in imported if name.startswith("funade")] == []
    if phase == "pre":
        assert not re.search(r"\bop\.drop_|\bop\.rename_|\bDROP\b", script.read_text())


def test_the_oldest_schema_that_may_still_write_is_that_of_the_newest_script_that_takes_away():
    numbers = [one.stem[:4] for one in SCRIPTS if one.stem[5:].startswith("post_")]
    assert max(numbers, default=SCRIPTS[0].stem[:4]) == migrations.OLDEST


def test_a_store_knows_who_may_still_write_there(path):
    with create_engine(f"sqlite:///{path}").connect() as connection:
        assert connection.execute(text("SELECT oldest_schema FROM store")).scalar() == migrations.OLDEST


def test_the_scripts_are_part_of_the_package():
    # What is below the package goes into the wheel; `test_wheel` installs it.
    assert SCRIPTS
    assert FOLDER.is_relative_to(Path(schema.__file__).parents[1])


def test_a_newer_release_brings_the_store_up_to_date_when_it_opens_it(path, monkeypatch, tmp_path):
    newer = tmp_path / "newer"
    (newer / "versions").mkdir(parents=True)
    for script in SCRIPTS:
        (newer / "versions" / script.name).write_text(script.read_text())
    (newer / "versions" / "9999_post_add.py").write_text(
        '"""Add.\n\nPhase: post\n"""\nimport sqlalchemy as sa\nfrom alembic import op\n'
        f'revision = "9999"\ndown_revision = "{migrations.HEAD}"\n'
        'def upgrade():\n    op.add_column("roles", sa.Column("since", sa.Text))\n'
    )
    monkeypatch.setattr(migrations, "__file__", str(newer / "__init__.py"))
    monkeypatch.setattr(migrations, "HEAD", "9999")
    monkeypatch.setattr(migrations, "OLDEST", "9999")
    with closing(SqliteLedger(path)):
        pass
    with create_engine(f"sqlite:///{path}").connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
        assert connection.execute(text("SELECT oldest_schema FROM store")).scalar() == "9999"
        assert connection.execute(text("SELECT since FROM roles")).all() == []
