#!/usr/bin/env python3
"""Write `go.mod` and `go.sum` for a version of Kubernetes: `make_module.py v1.34.4`.

Run by hand when the version is to change; both files are committed. `k8s.io/kubernetes` names its own staging
modules as v0.0.0 and replaces them by folders of its repository, so each must be replaced by its release here.
"""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROXY = "https://proxy.golang.org/k8s.io/kubernetes/@v"
STAGING = re.compile(r"^\s*(?:replace )?(k8s\.io/[a-z0-9-]+) => \./staging/", re.MULTILINE)


def main(version: str) -> None:
    """Ask the module itself which staging modules it has, write `go.mod`, and let Go settle the rest."""
    with urllib.request.urlopen(f"{PROXY}/{version}.mod", timeout=60) as answer:
        upstream = answer.read().decode()
    go_version = re.search(r"^go (\S+)$", upstream, re.MULTILINE)
    # A release since 1.30 may name its staging modules only as v0.0.0 in `require`: its workspace replaces them.
    staging = set(STAGING.findall(upstream)) | set(
        re.findall(r"^\s*(k8s\.io/[a-z0-9-]+) v0\.0\.0$", upstream, re.MULTILINE)
    )
    if not (go_version and staging):
        sys.exit(
            f"the go.mod of k8s.io/kubernetes {version} does not look as it used to: read it, then mend this"
        )
    released = "v0." + version.removeprefix("v1.")
    lines = [
        "module funade.test/kubernetes",
        "",
        f"go {go_version[1]}",
        "",
        f"require k8s.io/kubernetes {version}",
        "",
        "replace (",
        *(f"\t{module} => {module} {released}" for module in sorted(staging)),
        ")",
    ]
    (HERE / "go.mod").write_text("\n".join(lines) + "\n")
    (HERE / "go.sum").unlink(missing_ok=True)
    subprocess.run(["go", "mod", "tidy"], cwd=HERE, check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
