"""Branches of pull requests are found by their numbers; what only a stranger has pushed is not offered."""

import pytest

from funade.chat.slack import views
from tests.integration.slack.harbour import git
from tests.integration.slack.stories import sail
from tests.integration.slack.test_forms import go_through, view

pytestmark = pytest.mark.needs("git")


def test_a_pull_request_is_found_by_its_number_and_its_branch_is_what_is_deployed(tmp_path, monkeypatch):
    async def story(here):
        repository = here.folder / "repository"
        main = git(repository, "rev-parse", "HEAD")

        def commit(message: str) -> str:
            tree = git(repository, "rev-parse", "HEAD^{tree}")
            return git(repository, "commit-tree", "-p", main, "-m", message, tree)

        ours, strangers = commit("Ours"), commit("A stranger's")
        git(repository, "branch", "feature/Cart", ours)
        git(repository, "update-ref", "refs/pull/12/head", ours)
        git(repository, "update-ref", "refs/pull/13/head", strangers)
        git(repository, "update-ref", "refs/pull/14/head", main)
        await here.playground.shortcut(person="ada", callback_id="funade_deploy")
        form = await view(here, "ada", "Environment")

        async def offered(typed: str) -> dict[str, list[str]]:
            found = await here.playground.suggest(
                person="ada", view_id=form["id"], action_id=views.REF, value=typed
            )
            return {
                group["label"]["text"]: [one["text"]["text"] for one in group["options"]]
                for group in found.get("option_groups") or []
            }

        async def known():
            return "Pull requests" in await offered("")

        await here.until(known)
        everything = await offered("")
        assert everything["Pull requests"] == ["#12 feature/Cart"]
        assert everything["Branches"] == ["main"], "nothing is offered twice"
        assert (await offered("#12"))["Pull requests"] == ["#12 feature/Cart"]
        assert (await offered("cart"))["Pull requests"] == ["#12 feature/Cart"]
        assert "Pull requests" not in await offered("13")
        await go_through(here, ref="feature/Cart")
        await here.card(1, "succeeded")
        assert here.look(lambda look: look.deployment(1)).revision == ours

    sail(tmp_path, monkeypatch, story)
