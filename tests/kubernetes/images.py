"""Images for the tests' nodes, built from our own build files on a Debian of Debian's, and kept between runs.

Nothing is pulled: `debootstrap` makes the base, `buildah` the images, and Debian's `docker-registry` keeps them in a
folder under `~/.cache/funade-tests/images`, each named by the hash of what it is made of. `registry.py` serves them.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.architecture.source import ROOT
from tests.kubernetes import keeper, registry
from tests.kubernetes.assets import build

CACHE = build.CACHE.parent / "images"
STORED = CACHE / "registry"
#: the pause of every pod, and what needs no more than a shell; it lies on the node
SMALL = "funade.test/small:1"
#: Each change of the source makes an image of some 100 MB.
MOST_BYTES = 4 << 30
#: from which others are made
PARENTS = ("funade-capistrano",)
SUITE = "bookworm"
PACKAGES = ("ca-certificates", "capistrano", "git", "openssh-client", "python3", "python3-venv", "tini")
#: what no program reads; a node without overlays copies an image for each container
NEEDLESS = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists")
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
#: a machine behind a company's proxy knows an authority more
PIP = "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\ndisable-pip-version-check = true\n"


def main() -> int:
    """Make all images, where a node could be had that runs them."""
    if problem := keeper.forbids():
        print(f"left out: {problem}")  # noqa: T201 -- for whoever calls it
        return 0
    if problem := keeper.lacks():
        print(f"real pods cannot be had here: {problem}")  # noqa: T201 -- for bin/test
        return 1
    tidy()
    every()
    return 0


def tidy() -> None:
    """Begin anew when too much is kept, unless somebody pulls from it now."""
    kept = sum(one.stat().st_size for one in STORED.rglob("*") if one.is_file())
    if kept < MOST_BYTES:
        return
    with (CACHE / "in-use").open("w") as file, suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(STORED)


@contextmanager
def in_use() -> Iterator[None]:
    """Keep what is there for as long as it is pulled from."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "in-use").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def every() -> None:
    """See that all images are there."""
    for make in (funade, shop_deploy, small_in_registry):
        make()


def small() -> Path:
    """Return an archive of the small image: busybox, as it is on this machine, with its libraries."""
    busybox = shutil.which("busybox")
    assert busybox is not None
    made_of = digest("small", Path(busybox).read_bytes())
    archive = CACHE / f"small-{made_of}.tar"
    with alone():
        if archive.exists():
            return archive
        with tempfile.TemporaryDirectory(dir=CACHE) as made:
            context = Path(made)
            for path in (busybox, *libraries(busybox)):
                copied = context / "root" / path.lstrip("/")
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copied)
            (context / "Dockerfile").write_text(
                f"FROM scratch\nCOPY root /\nENV PATH=/bin\n"
                f'RUN ["{busybox}", "--install", "-s", "/bin"]\nCMD ["sleep", "1000000000"]\n'
            )
            (context / "root" / "bin").mkdir(exist_ok=True)
            bud(context, SMALL, {})
            half = archive.with_suffix(".half")
            half.unlink(missing_ok=True)
            buildah("push", SMALL, f"docker-archive:{half}:{SMALL}")
            half.rename(archive)
    return archive


def small_in_registry() -> str:
    """Return `name:tag` of the small image, for those that are to be pulled."""
    archive = small()
    tag = digest(archive.name)
    with alone():
        if not registry.has(STORED, "small", tag):
            push(SMALL, f"small:{tag}")
    return f"small:{tag}"


def libraries(program: str) -> list[str]:
    """Return the files that the dynamic linker would load for it; none when it is static."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", said)


def funade() -> str:
    """Return `name:tag` of the project's own image, as deploy/image builds it."""
    sources = tracked("deploy/image", "pyproject.toml", "src", "LICENSE", "README.md")
    return made("funade", ROOT, sources, file="deploy/image/Dockerfile", parent=base())


def capistrano() -> str:
    """Return `name:tag` of deploy/capistrano's image."""
    folder = ROOT / "deploy/capistrano"
    return made("funade-capistrano", folder, tracked("deploy/capistrano"), parent=base())


def shop_deploy() -> str:
    """Return `name:tag` of the example's image, which is made from deploy/capistrano's."""
    folder = ROOT / "examples/capistrano-container"
    return made(
        "shop-deploy", folder, tracked("examples/capistrano-container"), parent=f"localhost/{capistrano()}"
    )


def tracked(*paths: str) -> list[Path]:
    """Return the files that git knows there."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--", *paths], capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def base() -> str:
    """Return the name of a Debian with what our build files want to find in an official image."""
    tag = digest(SUITE, *PACKAGES, *NEEDLESS, PIP)
    name = f"localhost/base:{tag}"
    with alone():
        if is_there(name):
            return name
        with tempfile.TemporaryDirectory(dir=CACHE) as made:
            root, context = Path(made) / "root", Path(made) / "context"
            context.mkdir()
            run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root))
            for path in NEEDLESS:
                shutil.rmtree(root / path, ignore_errors=True)
            (root / "var/cache/apt/archives/partial").mkdir(parents=True)
            (root / "var/lib/apt/lists/partial").mkdir(parents=True)
            (root / "etc/pip.conf").write_text(PIP)
            with tarfile.open(context / "base.tar", "w") as archive:
                archive.add(root, arcname=".", filter=lambda one: None if one.isdev() else one)
            (context / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
            bud(context, name, {})
    return name


def made(name: str, folder: Path, sources: Sequence[Path], *, parent: str, file: str = "Dockerfile") -> str:
    """Return `name:tag` of the image of these sources, built and kept if it was not there."""
    contents = [
        part
        for path in sorted(sources)
        for part in (str(path.relative_to(folder)), oct(path.stat().st_mode), path.read_bytes())
    ]
    tag = digest(parent, file, *contents)
    with alone():
        if registry.has(STORED, name, tag):
            return f"{name}:{tag}"
        local = f"localhost/{name}:{tag}"
        if not is_there(local):
            with tempfile.TemporaryDirectory(dir=CACHE) as made_here:
                context = Path(made_here)
                for path in sources:
                    copied = context / path.relative_to(folder)
                    copied.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, copied)
                bud(context, local, {"BASE": parent}, file=file)
        push(local, f"{name}:{tag}")
        if name not in PARENTS:
            run(*command(), "rmi", local)
    return f"{name}:{tag}"


def push(local: str, name: str) -> None:
    """Put a built image where it is pulled from."""
    with registry.open_to_us(STORED) as address:
        # Nobody is far away: to pack and to unpack it would take longer than to carry it.
        told = ("--tls-verify=false", "--disable-compression")
        buildah("push", *told, local, f"docker://{address}/{name}")


def bud(context: Path, name: str, arguments: Mapping[str, str], *, file: str = "Dockerfile") -> None:
    given = [f"--build-arg={key}={value}" for key, value in arguments.items()]
    shared = {CACHE / "pip": "/root/.cache/pip:rw"}
    if AUTHORITIES.exists():
        shared[AUTHORITIES] = f"{AUTHORITIES}:ro"
    (CACHE / "pip").mkdir(exist_ok=True)
    mounted = [f"--volume={ours}:{theirs}" for ours, theirs in shared.items() if arguments]
    buildah(
        "bud", "--pull-never", *mounted, *given, f"--file={context / file}", f"--tag={name}", str(context)
    )


def is_there(name: str) -> bool:
    done = subprocess.run(
        [*command(), "inspect", "--type", "image", name], env=environment(), check=False, capture_output=True
    )
    return done.returncode == 0


def buildah(verb: str, *words: str) -> None:
    policy = CACHE / "policy.json"
    policy.write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))
    run(*command(), verb, f"--signature-policy={policy}", *words)


def command() -> list[str]:
    return ["buildah", f"--root={CACHE / driver()}", f"--runroot={CACHE / 'run'}"]


def driver() -> str:
    return "overlay" if keeper.has_overlays() else "vfs"


def run(*words: str) -> None:
    done = subprocess.run(
        words, env=environment(), check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, f"{' '.join(words[:6])} …\n{done.stdout[-3000:]}"


def environment() -> dict[str, str]:
    given = {**build.ENVIRONMENT, "STORAGE_DRIVER": driver(), "BUILDAH_ISOLATION": "chroot"}
    return {**given, "PATH": f"{given.get('PATH', os.defpath)}:/usr/sbin:/sbin"}


def digest(*parts: str | bytes) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        hashed.update(f"{len(content)}:".encode() + content)
    return hashed.hexdigest()[:20]


@contextmanager
def alone() -> Iterator[None]:
    """Hold the cache; the kernel lets go of it when its holder dies."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
