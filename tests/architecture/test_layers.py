import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.architecture import source

PROJECT = tomllib.loads((source.ROOT / "pyproject.toml").read_text())
CONTRACTS = PROJECT["tool"]["importlinter"]["contracts"]

CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "uuid4", "random"}


def canonical(requirement: str) -> str:
    return re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def test_nobody_looks_up_or_sideways():
    lint_imports = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [lint_imports, "--no-cache", "--no-logo"],
        cwd=source.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_every_vendor_is_kept_from_the_inner_floors():
    forbidden = {name for contract in CONTRACTS for name in contract.get("forbidden_modules", ())}
    optional = [
        name for extra in PROJECT["project"].get("optional-dependencies", {}).values() for name in extra
    ]
    wanted = {canonical(requirement) for requirement in [*PROJECT["project"]["dependencies"], *optional]}
    missing = {
        module
        for module, distributions in packages_distributions().items()
        if wanted & {canonical(distribution) for distribution in distributions} and not module.startswith("_")
    } - forbidden
    assert missing == set()


def test_the_domain_stands_on_the_standard_library_alone():
    allowed = {*sys.stdlib_module_names, "funade"}
    for module in source.modules():
        if module.room == "domain":
            names = source.imported_names(module.tree).values()
            assert {name.partition(".")[0] for name in names} <= allowed, module.name


def test_the_domain_waits_for_nothing_and_asks_no_clock():
    for module in source.modules():
        if module.room != "domain":
            continue
        for node in ast.walk(module.tree):
            assert not isinstance(node, ast.Await | ast.AsyncFunctionDef), module.name
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in CLOCKS, f"{module.name} line {node.lineno}"
