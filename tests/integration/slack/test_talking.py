import pytest

from tests.integration.slack.stories import sail

pytestmark = pytest.mark.needs("git")


def test_a_sentence_deploys_and_one_card_tells_how_it_went(tmp_path, monkeypatch):
    async def story(here):
        said = await here.say("ada", "@funade deploy shop to staging")
        card = await here.card(1, "succeeded")
        assert "seen live" in card["text"]
        await here.hears("#1 shop HEAD", thread=said)
        await here.hears("started", thread=card["ts"])
        assert len(await here.cards()) == 1

    sail(tmp_path, monkeypatch, story)


def test_each_person_is_answered_in_their_own_language(tmp_path, monkeypatch):
    async def story(here):
        said = await here.say("hana", "@funade デプロイして")
        await here.hears("どのアプリケーション", thread=said)
        said = await here.say("ada", "@funade deploy")
        await here.hears("application", thread=said)

    sail(tmp_path, monkeypatch, story)


def test_somebody_known_by_a_proven_address_is_one_person_at_every_door(tmp_path, monkeypatch):
    async def story(here):
        await here.say("hana", "@funade deploy shop to staging")
        card = await here.card(1, "succeeded")
        assert "asked by hana" in card["text"]
        assert here.configuration().people.find_by_id("slack:T0ACME/U0HANA").name == "hana"
        await here.stop()
        await here.start()
        assert here.configuration().people.find_by_id("slack:T0ACME/U0HANA").name == "hana"

    sail(tmp_path, monkeypatch, story)


@pytest.mark.parametrize(
    ("person", "changes"),
    [
        ("gus", {}),
        ("sam", {}),
        ("ada", {"deleted": True}),
        ("ada", {"is_ultra_restricted": True}),
        ("ada", {"team_id": "T0OTHER"}),
    ],
)
def test_S6_guests_strangers_and_those_who_left_learn_nothing(tmp_path, monkeypatch, person, changes):
    async def story(here):
        channel = "#with-other" if person == "sam" else "#deploy-shop"
        here.playground.stage.board.join(
            here.playground.workspace.channel(channel), here.playground.workspace.person("funade")
        )
        if changes:
            await here.playground.change_person(person=person, changes=changes)
        who = here.playground.workspace.person(person)
        text = f"<@{here.playground.app.bot_user}> deploy shop to staging"
        await here.hears_event(
            {
                "type": "message",
                "channel": here.playground.workspace.channel(channel).id,
                "user": who.id,
                "text": text,
                "ts": "1700000000.000100",
                "team": who.team_id,
                "channel_type": "channel",
            }
        )
        await here.until(here.refusals)
        assert here.refusals() == ["outsider"]
        assert await here.cards() == []

    sail(tmp_path, monkeypatch, story)


def test_whoever_the_file_does_not_know_is_refused_and_sees_no_names(tmp_path, monkeypatch):
    async def story(here):
        await here.playground.change_person(person="zoe", changes={"email": "zoe@acme.example"})
        await here.playground.join(channel="#deploy-shop", person="zoe")
        said = await here.say("zoe", "@funade deploy shop to nowhere")
        answer = await here.hears("slack:T0ACME/", thread=said)
        assert "staging" not in answer["text"]

    sail(tmp_path, monkeypatch, story)


def test_bots_and_our_own_words_are_never_heard(tmp_path, monkeypatch):
    async def story(here):
        other = await here.playground.install(manifest=None)
        bot = here.playground.workspace.app(other["app"]["id"])
        for event in (
            {"user": bot.bot_user, "bot_id": bot.bot_id},
            {"user": "U0ADA", "bot_id": "B0ELSE", "bot_profile": {"id": "B0ELSE"}},
            {"user": here.playground.app.bot_user},
            {"subtype": "bot_message", "bot_id": "B0ELSE"},
            {"user": "U0ADA", "subtype": "channel_join"},
        ):
            text = f"<@{here.playground.app.bot_user}> deploy shop to staging"
            message = {
                "type": "message",
                "channel": "C0DEPLOY",
                "text": text,
                "ts": "1700000000.000100",
                **event,
            }
            await here.hears_event(message)
        said = await here.say("ada", "@funade status")
        await here.hears("staging", thread=said)
        await here.until(lambda: not here.received())
        assert await here.cards() == []

    sail(tmp_path, monkeypatch, story)


def test_a_direct_message_needs_no_mention_and_a_deploy_belongs_to_its_channel(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "status", channel="@funade")
        await here.hears("production", channel="@funade", person="ada")
        await here.say("ada", "deploy shop to staging", channel="@funade")
        await here.hears("#deploy-shop", channel="@funade", person="ada")
        assert await here.cards() == []

    sail(tmp_path, monkeypatch, story)


def test_a_slash_command_answers_only_whoever_typed_it_and_twice_at_once_is_one(tmp_path, monkeypatch):
    async def story(here):
        for _ in range(2):
            answer = await here.playground.command(
                person="ada", command="/funade", text="deploy shop to staging", channel="#deploy-shop"
            )
            assert answer["ok"]
        await here.card(1, "succeeded")
        await here.hears("#1 shop", person="ada", times=3)
        assert len(await here.cards()) == 1
        assert [one for one in await here.ours(person="bob") if one["text"].startswith("#1 shop HEAD")] == []

    sail(tmp_path, monkeypatch, story)


def test_an_edited_command_runs_nothing_anew_and_says_so(tmp_path, monkeypatch):
    async def story(here):
        ts = await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        await here.playground.edit(
            person="ada", channel="#deploy-shop", ts=ts, text="@funade deploy shop to production"
        )
        await here.hears("was not run", thread=ts)
        assert len(await here.cards()) == 1

    sail(tmp_path, monkeypatch, story)


def test_a_message_that_becomes_a_command_by_an_edit_gets_a_button_for_its_author(tmp_path, monkeypatch):
    async def story(here):
        ts = await here.say("ada", "deploy shop to staging")
        await here.playground.edit(
            person="ada", channel="#deploy-shop", ts=ts, text="@funade deploy shop to staging"
        )
        answer = await here.hears("nothing was run", thread=ts)
        await here.press("cy", answer, "do")
        await here.hears("for somebody else", person="cy")
        assert await here.cards() == []
        await here.press("ada", answer, "do")
        await here.card(1, "succeeded")

    sail(tmp_path, monkeypatch, story)


def test_whoever_deletes_a_command_is_told_that_it_goes_on(tmp_path, monkeypatch):
    async def story(here):
        (tmp_path / "wait").touch()
        ts = await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "running")
        await here.playground.delete(person="ada", channel="#deploy-shop", ts=ts)
        await here.hears("cancel 1 stops it", person="ada")
        (tmp_path / "wait").unlink()
        await here.card(1, "succeeded")

    sail(tmp_path, monkeypatch, story)


def test_S20_nothing_that_somebody_typed_mentions_links_or_formats(tmp_path, monkeypatch):
    async def story(here):
        evil = "<!channel> <@U0BOB> <http://evil.example|here> *bold* `code` @here &lt;!here&gt; ~x~ _y_"
        here.commit(f"Fix {evil}")
        await here.playground.command(
            person="ada",
            command="/funade",
            text=f'deploy shop to staging --reason "{evil}"',
            channel="#deploy-shop",
        )
        card = await here.card(1, "succeeded")
        for message in await here.ours():
            acting = [one for one in here.elements(message) if one["type"] not in here.HARMLESS]
            # We call whoever asked, by their account; nothing that was typed calls anybody.
            assert not [one for one in acting if one != {"type": "user", "user_id": "U0ADA"}], message
            assert "<!" not in message["text"]
            assert "<@" not in message["text"]
        assert "*bold*" in card["text"]
        literal = "".join(
            one.get("text", "") for one in here.elements(card) if isinstance(one.get("text"), str)
        )
        assert "`code`" in literal, "a backtick that somebody typed is shown, not obeyed"

    sail(tmp_path, monkeypatch, story)
