"""A real repository on disk that a test fills commit by commit, as FakeSources is filled."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pygit2

from funade.domain.application import SecretReference
from funade.domain.revision import Revision

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class GitRepository:
    """A bare repository with `HEAD` on `main`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git = pygit2.init_repository(str(folder), bare=True, initial_head="main")
        self.made = 0

    @property
    def url(self) -> str:
        return str(self.folder)

    def commit(
        self,
        subject: str = "Change something",
        *,
        parents: Sequence[Revision] = (),
        files: Mapping[str, str] | None = None,
        author: str = "Ada",
        co_authors: tuple[str, ...] = (),
        at: datetime | None = None,
    ) -> Revision:
        if files is None:
            files = {f"{self.made}.txt": subject}
        index = pygit2.Index()
        for parent in parents:
            for entry in self._entries(parent):
                index.add(entry)
        for name, text in files.items():
            blob = self.git.create_blob(text.encode())
            index.add(pygit2.IndexEntry(name, blob, pygit2.enums.FileMode.BLOB))
        tree = index.write_tree(self.git)
        return self.commit_tree(
            subject, str(tree), parents=parents, author=author, co_authors=co_authors, at=at
        )

    def commit_tree(
        self,
        subject: str,
        tree: str,
        *,
        parents: Sequence[Revision] = (),
        author: str = "Ada",
        co_authors: tuple[str, ...] = (),
        at: datetime | None = None,
    ) -> Revision:
        message = subject
        if co_authors:
            trailers = "\n".join(f"Co-authored-by: {one} <{one.lower()}@acme.example>" for one in co_authors)
            message = f"{subject}\n\n{trailers}\n"
        moment = at or BEGINNING + timedelta(minutes=self.made)
        self.made += 1
        person = pygit2.Signature(author, f"{author.lower()}@acme.example", int(moment.timestamp()), 0)
        # Otherwise two that change the same would be one and the same commit.
        committer = pygit2.Signature("Maker", f"{self.made}@acme.example", int(moment.timestamp()), 0)
        made = self.git.create_commit(None, person, committer, message, tree, [str(one) for one in parents])
        return Revision(str(made))

    def point(self, name: str, revision: Revision) -> None:
        if name == "HEAD":
            self.git.set_head(pygit2.Oid(hex=revision))
        else:
            self.git.references.create(name, revision, force=True)

    def remove(self, name: str) -> None:
        self.git.references.delete(name)

    def tag(self, name: str, revision: Revision) -> str:
        """Make an annotated tag and return its own SHA."""
        tagger = pygit2.Signature("Ada", "ada@acme.example", 0, 0)
        made = self.git.create_tag(
            name, pygit2.Oid(hex=revision), pygit2.enums.ObjectType.COMMIT, tagger, name
        )
        return str(made)

    def _entries(self, revision: Revision) -> list[pygit2.IndexEntry]:
        index = pygit2.Index()
        index.read_tree(self.git[revision].peel(pygit2.Tree))
        return list(index)


class KnownSecrets:
    """Secrets that a test wrote down."""

    def __init__(self, **values: str) -> None:
        self.values = values

    def reveal(self, reference: SecretReference) -> str:
        return self.values[reference.place]
