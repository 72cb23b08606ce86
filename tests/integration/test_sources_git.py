"""Sources on real git: checkouts, pins, hostile and damaged repositories, processes side by side."""

import asyncio
import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pygit2
import pytest

from funade.domain.application import Repository, SecretReference
from funade.domain.errors import AmbiguousRef, SourceError, UnknownRef
from funade.domain.revision import Revision
from funade.sources import GitSources
from tests.contracts.git_repository import GitRepository, KnownSecrets

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("git")]


def git(folder: Path, *arguments: str) -> str:
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example", "-c", "protocol.file.allow=always"]
    done = subprocess.run(
        ["git", "-C", str(folder), *person, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def story(tmp_path) -> GitRepository:
    return GitRepository(tmp_path / "served" / "shop.git")


@pytest.fixture
def repository(story: GitRepository) -> Repository:
    return Repository(url=story.url)


@pytest.fixture
def first(story: GitRepository) -> Revision:
    revision = story.commit("Begin", files={"main.txt": "one", "lib/a.txt": "a"})
    story.point("refs/heads/main", revision)
    return revision


@pytest.fixture
def sources(tmp_path) -> GitSources:
    return GitSources(tmp_path / "data", KnownSecrets())


def mirror(tmp_path: Path) -> Path:
    return next((tmp_path / "data" / "mirrors").glob("*.git"))


# Checkouts


async def test_without_files_git_reads_the_revision_all_the_same(sources, repository, first, tmp_path):
    work = tmp_path / "work"
    await sources.check_out(repository, first, work, files=False)
    assert [one.name for one in work.iterdir()] == [".git"]
    git(work, "archive", "--output", str(tmp_path / "packed.tar"), first)
    with tarfile.open(tmp_path / "packed.tar") as packed:
        assert packed.getnames() == ["lib", "lib/a.txt", "main.txt"]


async def test_a_checkout_is_a_clean_work_tree_of_that_revision_and_nothing_else(
    sources, repository, first, tmp_path
):
    await sources.resolve(repository, "main")
    work = tmp_path / "work"
    await sources.check_out(repository, first, work)
    assert git(work, "rev-parse", "HEAD") == first
    assert git(work, "status", "--porcelain", "--ignored") == ""
    assert git(work, "remote") == ""
    assert git(work, "for-each-ref") == ""
    assert git(work, "fsck", "--no-dangling") == ""
    assert git(work, "log", "--format=%s") == "Begin"
    assert (work / ".git" / "HEAD").read_text() == f"{first}\n"
    assert list((tmp_path / "data").rglob("hooks")) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "served", "work"]


async def test_no_hook_and_no_configuration_of_the_person_takes_part(
    sources, repository, first, tmp_path, monkeypatch
):
    hook = tmp_path / "hooks" / "post-checkout"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    settings = f'[core]\n\thooksPath = {hook.parent}\n\tautocrlf = true\n[url "/nowhere/"]\n\tinsteadOf = /\n'
    (Path(os.environ["HOME"]) / ".gitconfig").write_text(settings)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "wrong"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(hook.parent))
    await sources.resolve(repository, "main")
    await sources.check_out(repository, first, tmp_path / "work")
    assert not (tmp_path / "hooked").exists()
    assert (tmp_path / "work" / "main.txt").read_bytes() == b"one"


async def test_a_checkout_that_fails_leaves_nothing(sources, repository, story, first, tmp_path):
    await sources.resolve(repository, "main")
    blob = git(story.folder, "rev-parse", f"{first}:main.txt")
    for pack in (mirror(tmp_path) / "objects").rglob("*.pack"):
        content = bytearray(pack.read_bytes())
        content[20:-20] = bytes(len(content) - 40)
        pack.chmod(0o600)
        pack.write_bytes(content)
    assert blob
    with pytest.raises(SourceError):
        await sources.check_out(repository, first, tmp_path / "work")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "served"]


async def test_a_folder_that_cannot_be_made_is_a_clear_error(sources, repository, first, tmp_path):
    (tmp_path / "file").write_text("")
    await sources.resolve(repository, "main")
    with pytest.raises(SourceError, match="cannot be used: Not a directory"):
        await sources.check_out(repository, first, tmp_path / "file" / "work")


async def test_what_an_earlier_checkout_left_half_done_is_removed(sources, repository, first, tmp_path):
    left = tmp_path / ".work.partial-0123"
    left.mkdir()
    (left / "half.txt").write_text("")
    await sources.check_out(repository, first, tmp_path / "work")
    assert not left.exists()
    assert (tmp_path / "work" / "main.txt").exists()


async def test_a_cancelled_checkout_leaves_nothing(repository, first, tmp_path, monkeypatch):
    real = shutil.which("git")
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    trap = f"case $* in *checkout*) echo $$ > {tmp_path}/pid; sleep 60;; esac"
    slow.write_text(f'#!/bin/sh\n{trap}\nexec {real} "$@"\n')
    slow.chmod(0o755)
    sources = GitSources(tmp_path / "data", KnownSecrets())
    await sources.resolve(repository, "main")
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    task = asyncio.create_task(sources.check_out(repository, first, tmp_path / "work"))
    await until((tmp_path / "pid").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not (tmp_path / "work").exists()
    assert list(tmp_path.glob(".work*")) == []
    assert not lives(int((tmp_path / "pid").read_text()))


def lives(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until(holds) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


# Names


async def test_annotated_tags_lead_to_their_commit_however_deep(sources, repository, story, first):
    story.tag("v1", first)
    inner = git(story.folder, "rev-parse", "v1")
    git(story.folder, "tag", "-a", "-m", "again", "v1-again", "v1")
    assert await sources.resolve(repository, "v1") == first
    assert await sources.resolve(repository, "v1-again") == first
    with pytest.raises(UnknownRef):
        await sources.resolve(repository, inner)


async def test_a_tag_of_something_else_than_a_commit_is_unknown(sources, repository, story, first):
    git(story.folder, "tag", "file", f"{first}:main.txt")
    git(story.folder, "tag", "-a", "-m", "tree", "tree", f"{first}^{{tree}}")
    git(story.folder, "tag", "-a", "-m", "tree", "tree-again", "tree")
    for name in ("file", "tree", "tree-again"):
        with pytest.raises(UnknownRef):
            await sources.resolve(repository, name)


async def test_a_name_of_other_bytes_is_another_name(sources, repository, story, first):
    (story.folder / "packed-refs").write_bytes(first.encode() + b" refs/heads/r\xe9sum\n")
    with pytest.raises(UnknownRef):
        await sources.resolve(repository, "r\ufffdsum")


async def test_a_name_is_found_with_one_question_to_the_remote_and_one_to_the_mirror(
    repository, story, first, tmp_path, monkeypatch
):
    sources = GitSources(tmp_path / "data", KnownSecrets())
    story.tag("v1", first)
    for name in ("main", "v1"):
        await sources.resolve(repository, name)
    log = tmp_path / "asked"
    real = shutil.which("git")
    spy = tmp_path / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$2" >> {log}\nexec {real} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    for name in ("main", "v1"):
        assert await sources.resolve(repository, name) == first
    assert log.read_text().split() == ["fetch", "for-each-ref"] * 2


async def test_head_follows_the_remote(sources, repository, story, first):
    second = story.commit("Second", parents=[first])
    story.point("refs/heads/trunk", second)
    assert await sources.resolve(repository, "HEAD") == first
    git(story.folder, "symbolic-ref", "HEAD", "refs/heads/trunk")
    assert await sources.resolve(repository, "HEAD") == second
    git(story.folder, "symbolic-ref", "HEAD", "refs/heads/nobody")
    with pytest.raises(UnknownRef):
        await sources.resolve(repository, "HEAD")
    assert await sources.resolve(repository, "main") == first
    git(story.folder, "symbolic-ref", "HEAD", "refs/heads/main")
    assert await sources.resolve(repository, "HEAD") == first


async def test_a_remote_without_a_default_branch_is_read_all_the_same(sources, repository, story, first):
    git(story.folder, "symbolic-ref", "HEAD", "refs/heads/nobody")
    assert await sources.resolve(repository, "main") == first


async def test_a_branch_may_become_a_folder_of_branches(sources, repository, story, first):
    story.point("refs/heads/topic", first)
    assert await sources.resolve(repository, "topic") == first
    story.remove("refs/heads/topic")
    story.point("refs/heads/topic/one", first)
    assert await sources.resolve(repository, "topic/one") == first
    story.remove("refs/heads/topic/one")
    story.point("refs/heads/topic", first)
    assert await sources.resolve(repository, "topic") == first


async def test_a_resolved_revision_outlives_a_forced_push(sources, repository, story, first, tmp_path):
    old = story.commit("Old", parents=[first])
    story.point("refs/heads/main", old)
    assert await sources.resolve(repository, "main") == old
    new = story.commit("New", parents=[first])
    story.point("refs/heads/main", new)
    assert await sources.resolve(repository, "main") == new
    git(story.folder, "gc", "--quiet", "--prune=now")
    git(mirror(tmp_path), "gc", "--quiet", "--prune=now")
    changes = await sources.changes(repository, old, new, 5)
    assert (changes.base, changes.total, changes.dropped) == (old, 1, 1)
    await sources.check_out(repository, old, tmp_path / "work")
    assert await sources.resolve(repository, old) == old


async def test_a_sha_that_no_branch_and_no_tag_has_led_to_is_nobodys_to_deploy(
    sources, repository, story, first
):
    forked = story.commit("Proposed from a fork", parents=[first])
    git(Path(repository.url), "update-ref", "refs/pull/1/head", forked)
    with pytest.raises(UnknownRef):
        await sources.resolve(repository, forked)


async def test_a_revision_that_the_mirror_lacks_is_fetched_for_a_checkout(repository, story, first, tmp_path):
    lost = story.commit("Lost", parents=[first])
    await GitSources(tmp_path / "data", KnownSecrets()).check_out(repository, lost, tmp_path / "work")
    assert git(tmp_path / "work", "rev-parse", "HEAD") == lost


def twins(tree: str) -> Iterator[tuple[bytes, bytes]]:
    """Return commits whose SHAs begin with the same seven digits."""
    seen: dict[str, bytes] = {}
    for number in itertools.count():
        raw = f"tree {tree}\nauthor A <a@b> {number} +0000\ncommitter A <a@b> 1 +0000\n\nx\n".encode()
        sha = hashlib.sha1(b"commit %d\0%s" % (len(raw), raw)).hexdigest()
        if sha[:7] in seen:
            yield raw, seen[sha[:7]]
        seen[sha[:7]] = raw


async def test_a_short_sha_that_means_two_commits_is_ambiguous(sources, repository, story, first):
    tree = story.git[first].peel(pygit2.Tree).id
    one, other = next(twins(str(tree)))
    kind = pygit2.enums.ObjectType.COMMIT
    both = sorted([str(story.git.write(kind, one)), str(story.git.write(kind, other))])
    for number, sha in enumerate(both):
        story.point(f"refs/heads/twin-{number}", Revision(sha))
    with pytest.raises(AmbiguousRef) as caught:
        await sources.resolve(repository, both[0][:7])
    assert sorted(caught.value.candidates) == both
    assert await sources.resolve(repository, both[0][:12]) == both[0]


async def test_a_repository_of_sha256_is_read_like_any_other(sources, tmp_path):
    folder = tmp_path / "long"
    folder.mkdir()
    git(folder, "init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    (folder / "main.txt").write_text("one")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    revision = await sources.resolve(Repository(url=f"file://{folder}"), "main")
    assert len(revision) == 64
    await sources.check_out(Repository(url=f"file://{folder}"), revision, tmp_path / "work")
    assert git(tmp_path / "work", "status", "--porcelain") == ""
    assert git(tmp_path / "work", "rev-parse", "HEAD") == revision


# Troubles


async def test_an_empty_repository_says_so_until_somebody_pushes(sources, repository, story):
    with pytest.raises(SourceError, match="no commits yet"):
        await sources.resolve(repository, "main")
    assert [one.remedy for one in await sources.check(repository)] == ["push a first one"]
    first = story.commit("Begin")
    story.point("refs/heads/main", first)
    assert await sources.resolve(repository, "main") == first


async def test_a_folder_that_is_missing_or_no_repository_is_told_apart(sources, repository, first, tmp_path):
    with pytest.raises(SourceError, match="no such folder"):
        await sources.resolve(Repository(url=str(tmp_path / "gone")), "main")
    (tmp_path / "plain").mkdir()
    with pytest.raises(SourceError, match="no git repository"):
        await sources.resolve(Repository(url=str(tmp_path / "plain")), "main")
    assert [one.problem for one in await sources.check(Repository(url=str(tmp_path / "plain")))]


async def test_a_repository_that_vanished_is_an_error_though_the_mirror_is_here(
    sources, repository, story, first
):
    await sources.resolve(repository, "main")
    story.folder.rename(story.folder.with_name("elsewhere"))
    with pytest.raises(SourceError, match="no such folder"):
        await sources.resolve(repository, "main")
    assert await sources.contains(repository, first, first)


async def test_a_folder_that_cannot_be_looked_into_is_said_for_changes_too(repository, first, tmp_path):
    # Nothing is forbidden to root, but such a name is no disk's.
    sources = GitSources(tmp_path / ("x" * 300), KnownSecrets())
    with pytest.raises(SourceError, match="cannot be used: File name too long"):
        await sources.changes(repository, first, first, 10)


async def test_a_missing_git_is_a_clear_error(sources, repository, first, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="git is not on PATH — install it"):
        await sources.resolve(repository, "main")
    assert [one.problem for one in await sources.check(repository)] == ["git is not on PATH"]


async def test_an_old_git_is_a_problem(sources, repository, first, tmp_path, monkeypatch):
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    real = shutil.which("git")
    old.write_text(f'#!/bin/sh\n[ "$1" = version ] && exec echo git version 2.11.0\nexec {real} "$@"\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    assert [one.problem for one in await sources.check(repository)] == ["git 2.11 is too old"]


@pytest.mark.parametrize(
    "url",
    [
        *("ext::sh -c touch% /tmp/x", "git://127.0.0.1/x", "ftp://127.0.0.1/x", "https://ada:pw@host/x"),
        *("https://token@host/x", "ssh://ada:pw@host/x", "ssh://-oProxyCommand=x/y", "-oProxyCommand=x:y"),
        *("http://example.com/x", "https://host/x?token=1", "https://host:port/x", "https:///x", "", "a\nb"),
    ],
)
async def test_urls_that_nobody_should_follow_are_refused_before_git_sees_them(
    url, sources, monkeypatch, tmp_path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="cannot be used as a repository") as caught:
        await sources.resolve(Repository(url=url), "main")
    assert ":pw@" not in str(caught.value)
    assert len(await sources.check(Repository(url=url))) == 1


async def test_a_damaged_mirror_is_made_again_and_keeps_its_pins(sources, story, first, tmp_path):
    repository = Repository(url=story.url)
    old = story.commit("Old", parents=[first])
    story.point("refs/heads/main", old)
    await sources.resolve(repository, "main")
    story.point("refs/heads/main", first)
    await sources.resolve(repository, "main")
    git(story.folder, "gc", "--quiet", "--prune=now")
    (mirror(tmp_path) / "refs" / "funade" / "heads" / "main").write_text("")
    assert await sources.resolve(repository, "main") == first
    assert await sources.contains(repository, old, first)
    (mirror(tmp_path) / "HEAD").write_text("")
    assert await sources.resolve(repository, "main") == first
    assert sorted(path.suffix for path in (tmp_path / "data" / "mirrors").iterdir()) == [".git", ".lock"]


async def test_a_fetch_that_fails_for_another_reason_costs_no_mirror(
    sources, repository, first, tmp_path, monkeypatch
):
    await sources.resolve(repository, "main")
    before = mirror(tmp_path).stat().st_ino
    real = shutil.which("git")
    flaky = tmp_path / "bin" / "git"
    flaky.parent.mkdir()
    trap = 'case " $* " in *" fetch "*) echo the line was cut >&2; exit 1;; esac'
    flaky.write_text(f'#!/bin/sh\n{trap}\nexec {real} "$@"\n')
    flaky.chmod(0o755)
    with monkeypatch.context() as meanwhile:
        meanwhile.setenv("PATH", f"{flaky.parent}:{os.environ['PATH']}")
        with pytest.raises(SourceError, match="the line was cut"):
            await sources.resolve(repository, "main")
    assert mirror(tmp_path).stat().st_ino == before
    assert await sources.resolve(repository, "main") == first


async def test_what_a_killed_git_left_is_swept_away(sources, repository, story, first, tmp_path):
    await sources.resolve(repository, "main")
    folder = mirror(tmp_path)
    left = [folder / "refs/funade/heads/main.lock", folder / "packed-refs.lock", folder / "HEAD.lock"]
    left += [folder / "objects/pack/tmp_pack_x1", folder / "refs/funade/pins/x.lock"]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    half = folder.with_suffix(".new")
    (half / "objects").mkdir(parents=True)
    second = story.commit("Second", parents=[first])
    story.point("refs/heads/main", second)
    assert await sources.resolve(repository, "main") == second
    assert not any(path.exists() for path in left)


async def test_one_name_is_brought_without_the_others_until_all_are_wanted(
    sources, repository, story, first, tmp_path
):
    await sources.resolve(repository, "main")
    second = story.commit("Second", parents=[first])
    for name in ("refs/heads/main", "refs/heads/other", "refs/tags/v1"):
        story.point(name, second)
    kept = ("for-each-ref", "--format=%(refname:lstrip=2)", "refs/funade/heads", "refs/funade/tags")
    assert await sources.resolve(repository, "main") == second
    assert git(mirror(tmp_path), *kept).split() == ["heads/main"]
    await sources.refresh(repository)
    assert git(mirror(tmp_path), *kept).split() == ["heads/main", "heads/other", "tags/v1"]


@pytest.mark.parametrize("far", [0, 2, 3, 7])
async def test_commits_are_counted_whether_or_not_all_are_listed(far, sources, repository, story, first):
    last, aside = first, story.commit("Aside", parents=[first])
    for number in range(far):
        last = story.commit(f"{number}", parents=[last])
    story.point("refs/heads/main", last)
    story.point("refs/heads/aside", aside)
    await sources.resolve(repository, last)
    for base, head, ahead, dropped in ((first, last, far, 0), (last, first, 0, far), (aside, last, far, 1)):
        changes = await sources.changes(repository, base, head, 3)
        assert (changes.total, changes.dropped) == (ahead, dropped)
        assert [one.subject for one in changes.commits] == [str(one) for one in range(far)][::-1][:3][:ahead]
    changes = await sources.changes(repository, None, last, 3)
    assert (changes.total, len(changes.commits)) == (far + 1, min(far + 1, 3))


async def test_many_fetches_do_not_leave_many_packs(sources, story, first, tmp_path, monkeypatch):
    repository = Repository(url=story.url)
    monkeypatch.setattr("funade.sources.mirror.PACKS_AT_MOST", 4)
    last = first
    for _ in range(12):
        last = story.commit("Again", parents=[last])
        story.point("refs/heads/main", last)
        assert await sources.resolve(repository, "main") == last
    assert len(list(mirror(tmp_path).glob("objects/pack/*.pack"))) <= 5
    assert (await sources.changes(repository, first, last, 20)).total == 12
    await sources.check_out(repository, first, tmp_path / "work")


async def test_a_silent_git_is_ended_with_its_children(repository, first, tmp_path, monkeypatch):
    stuck = tmp_path / "bin" / "git"
    stuck.parent.mkdir()
    stuck.write_text(f"#!/bin/sh\nsleep 300 &\necho $! > {tmp_path}/pid\nwait\n")
    stuck.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stuck.parent}:{os.environ['PATH']}")
    sources = GitSources(tmp_path / "data", KnownSecrets(), patience=timedelta(seconds=0.3))
    with pytest.raises(SourceError, match="nothing was heard"):
        await sources.resolve(repository, "main")
    assert not lives(int((tmp_path / "pid").read_text()))


async def test_two_processes_may_use_one_new_mirror_at_once(repository, story, first, tmp_path):
    last = first
    for number in range(30):
        last = story.commit(f"{number}", parents=[last])
        story.point(f"refs/heads/branch-{number}", last)
    code = (
        "import asyncio, sys; from pathlib import Path; from funade.sources import GitSources\n"
        "from funade.domain.application import Repository\n"
        "sources, repository = GitSources(Path(sys.argv[1]), None), Repository(url=sys.argv[2])\n"
        "async def main():\n"
        "  for _ in range(4): print(*await asyncio.gather(\n"
        "    *(sources.resolve(repository, f'branch-{n}') for n in (3, 29))))\n"
        "asyncio.run(main())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "data"), story.url]
    started = [await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE) for _ in range(3)]
    said = [(await one.communicate())[0].decode() for one in started]
    assert [one.returncode for one in started] == [0, 0, 0]
    assert len({line for one in said for line in one.splitlines()}) == 1
    assert last in said[0]
    git(mirror(tmp_path), "fsck", "--strict")


async def test_pygit2_is_not_paid_for_until_it_is_needed():
    code = "import sys, funade.sources; print('pygit2' in sys.modules, 'aiohttp' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=subprocess.PIPE)
    assert (await process.communicate())[0] == b"False False\n"


async def test_a_secret_that_is_not_there_is_said_before_anything_is_asked(tmp_path, monkeypatch):
    class Empty:
        def reveal(self, reference: SecretReference) -> str:
            message = f"`{reference}` leads nowhere"
            raise SourceError(message)

    password = SecretReference(scheme="env", place="TOKEN")
    sources = GitSources(tmp_path / "data", Empty())
    problems = await sources.check(Repository(url="https://127.0.0.1:1/x", password=password))
    assert [one.problem for one in problems] == ["`env:TOKEN` leads nowhere"]


async def test_subjects_names_and_dates_may_be_anything(sources, repository, story, first):
    raw = (
        f"tree {git(story.folder, 'rev-parse', first + '^{tree}')}\nparent {first}\n"
        "author Zo\u00eb \x1b[31m <z@acme.example> 99999999999999999 +0000\n"
        "committer Zo\u00eb <z@acme.example> 1 +0000\n\nFirst line\nof the subject\n\n"
        "Body\n\nCo-authored-by: Bob Builder <bob@acme.example>\nco-authored-by: Cy\n"
    ).encode("latin-1")
    odd = Revision(str(story.git.write(pygit2.enums.ObjectType.COMMIT, raw)))
    story.point("refs/heads/main", odd)
    await sources.resolve(repository, "main")
    changes = await sources.changes(repository, first, odd, 5)
    assert changes.commits[0].subject == "First line of the subject"
    assert changes.commits[0].co_authors == ("Bob Builder", "Cy")


async def test_people_are_read_from_whatever_stands_in_a_commit(sources, repository, story, first):
    names = [
        "Dee" + " " * 2_000_000 + "x",
        " " * 2_000_000,
        "<" * 500,
        "<eve@x>",
        "Fay <f@x> <fay@x>",
        "Gus <>",
    ]
    trailers = "\n".join(f"Co-authored-by: {one}" for one in names)
    person = pygit2.Signature("Ada", "ada@acme.example", 1, 0)
    tree = story.git[first].peel(pygit2.Tree).id
    message = f"Go on\n\n{trailers}\n"
    made = story.git.create_commit(None, person, person, message, tree, [pygit2.Oid(hex=first)])
    story.point("refs/heads/main", Revision(str(made)))
    await sources.resolve(repository, "main")
    [commit] = (await sources.changes(repository, first, Revision(str(made)), 5)).commits
    assert commit.co_authors == ("<" * 500, "Fay <f@x>", "Gus")
    assert commit.co_author_emails == ("eve@x", "fay@x")


async def test_nobody_else_of_this_machine_reads_a_private_repository(tmp_path, sources, repository, first):
    usual = os.umask(0o022)
    try:
        await sources.check_out(repository, first, tmp_path / "workspaces" / "one")
    finally:
        os.umask(usual)
    for folder in (mirror(tmp_path).parent, tmp_path / "workspaces"):
        assert folder.stat().st_mode & 0o077 == 0, folder
