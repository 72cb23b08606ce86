"""`funade check` for Slack: tokens, what they may do, channels, people and groups, before anything starts."""

from collections.abc import Awaitable, Callable, Sequence

import aiohttp

from funade.chat.slack.channels import channels_named
from funade.chat.slack.client import OutcomeUnknown, SlackRefused, WebApi
from funade.chat.slack.directory import groups_named
from funade.chat.slack.manifest import SCOPES
from funade.chat.slack.payloads import text_of
from funade.domain.application import Configuration, Workspace
from funade.domain.errors import SecretError, VendorUnavailable
from funade.domain.orders import Problem
from funade.usecases.ports import Secrets

MOST_PAGES = 50
WHERE = "slack"
_INVITE = "say `/invite @funade` there"


async def find_problems(configuration: Configuration, secrets: Secrets) -> Sequence[Problem]:
    """Return what would keep Funade from working in Slack; changes nothing there."""
    slack = configuration.slack
    if slack is None:
        return []
    async with aiohttp.ClientSession(trust_env=True, cookie_jar=aiohttp.DummyCookieJar()) as session:
        api = WebApi(session, slack.url, lambda: secrets.reveal(slack.bot_token))
        return await _Check(api, configuration, slack, secrets).run()


class _Check:
    def __init__(self, api: WebApi, configuration: Configuration, slack: Workspace, secrets: Secrets) -> None:
        self._api, self._configuration, self._slack, self._secrets = api, configuration, slack, secrets
        self._problems: list[Problem] = []

    async def run(self) -> Sequence[Problem]:
        """Return everything that is wrong; without a token that works there is nothing more to ask."""
        try:
            who = await self._api("auth.test")
        except (SlackRefused, VendorUnavailable, OutcomeUnknown, SecretError) as error:
            self._tell(
                "slack.bot_token", str(error), "copy the Bot User OAuth Token of the app (`xoxb-…`) there"
            )
            return self._problems
        for each in (self._check_scopes, self._check_socket, self._check_secrets, self._check_channels):
            await self._try(each)
        await self._try(self._check_groups)
        await self._check_people(text_of(who, "team_id"), text_of(who, "enterprise_id"))
        return self._problems

    async def _try(self, each: Callable[[], Awaitable[None]]) -> None:
        try:
            await each()
        except (SlackRefused, VendorUnavailable, OutcomeUnknown, SecretError) as error:
            self._tell(WHERE, str(error), "look at the app's settings, then try again")

    async def _check_scopes(self) -> None:
        scopes = await self._api.scopes()
        for missing in sorted(set(SCOPES) - scopes) if scopes is not None else ():
            remedy = f"it is needed to {SCOPES[missing]}; `funade slack manifest` has all of them"
            self._tell("slack.bot_token", f"the app may not `{missing}`", remedy)

    async def _check_socket(self) -> None:
        reference = self._slack.app_token
        if reference is None:
            return
        try:
            await self._api.open_socket(self._secrets.reveal(reference))
        except (SlackRefused, SecretError) as error:
            remedy = "make an app-level token (`xapp-…`) with `connections:write`, and turn Socket Mode on"
            self._tell("slack.app_token", str(error), remedy)

    async def _check_secrets(self) -> None:
        for reference in self._slack.signing_secrets:
            try:
                self._secrets.reveal(reference)
            except SecretError as error:
                self._tell("slack.signing_secret", str(error), "copy the app's Signing Secret there")
        if self._slack.signing_secrets and self._configuration.web is None:
            self._tell(
                "slack.signing_secret", "nothing listens for Slack's calls", "give `web.listen` and `web.url`"
            )

    async def _check_channels(self) -> None:
        wanted = channels_named(self._configuration)
        known = await self._channels() if any(one.startswith("#") for one in wanted) else {}
        for named in sorted(wanted):
            if named.startswith("#"):
                is_member = known.get(named)
            else:
                try:
                    answer = await self._api("conversations.info", channel=named)
                    channel = answer.get("channel")
                    is_member = bool(isinstance(channel, dict) and channel.get("is_member"))
                except SlackRefused:
                    is_member = None
            if is_member is None:
                self._tell(named, "there is no such channel that the app can see", _INVITE)
            elif not is_member:
                self._tell(named, "the app is not in this channel", _INVITE)

    async def _channels(self) -> dict[str, bool]:
        known: dict[str, bool] = {}
        cursor = ""
        for _ in range(MOST_PAGES):
            answer = await self._api(
                "conversations.list",
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=200,
                cursor=cursor or None,
            )
            channels = answer.get("channels")
            for one in channels if isinstance(channels, list) else ():
                if isinstance(one, dict):
                    known[f"#{text_of(one, 'name')}"] = bool(one.get("is_member"))
            cursor = text_of(answer, "response_metadata", "next_cursor")
            if not cursor:
                break
        return known

    async def _check_groups(self) -> None:
        wanted = groups_named(self._configuration)
        if not wanted:
            return
        answer = await self._api("usergroups.list", include_disabled=False)
        groups = answer.get("usergroups")
        living = {
            text_of(one, "id")
            for one in (groups if isinstance(groups, list) else ())
            if isinstance(one, dict) and not one.get("date_delete")
        }
        for group in wanted:
            if group not in living:
                self._tell(f"slack:{group}", "there is no such user group, or it is off", "copy its id anew")

    async def _check_people(self, team: str, enterprise: str) -> None:
        for person in self._configuration.people.people.values():
            for id in sorted(person.ids):
                if id.startswith("slack:"):
                    await self._check_person(person.name, id, {team, enterprise} - {""})

    async def _check_person(self, name: str, id: str, home: set[str]) -> None:
        where = f"people.{name}.slack"
        team, _, user = id.removeprefix("slack:").partition("/")
        if team not in home:
            said = " or ".join(f"`{one}`" for one in sorted(home))
            self._tell(where, f"`{team}` is another workspace", f"the tokens are for {said}")
            return
        try:
            answer = await self._api("users.info", user=user)
        except SlackRefused as error:
            self._tell(where, str(error), "copy the member id anew from their profile")
            return
        except (VendorUnavailable, OutcomeUnknown) as error:
            self._tell(where, str(error), "try again")
            return
        found = answer.get("user")
        flags = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
        wrong = [one for one in flags if isinstance(found, dict) and found.get(one)]
        if wrong:
            problem = f"Slack says `{wrong[0]}`: they would be refused"
            self._tell(where, problem, "guests, bots, strangers and those who left may do nothing")

    def _tell(self, where: str, problem: str, remedy: str) -> None:
        self._problems.append(Problem(where=where, problem=problem.partition(" — ")[0], remedy=remedy))
