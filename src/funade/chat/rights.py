"""Who may do what where, in a small table; for one person, the rule that decides."""

from collections.abc import Iterable

from funade.chat.layout import table
from funade.domain.answers import RightShown, RightsShown
from funade.texts import Reader, answers, plain

_NOBODY = "–"


def rights_lines(answer: RightsShown, reader: Reader) -> list[str]:
    """Return a row for every environment; of one person, a row for every right, or a sentence about the only one."""
    if answer.owner_alone:
        return [reader.word(answers.OWNER_ALONE)]
    if not answer.rights:
        return [reader.word(answers.NO_ENVIRONMENTS)]
    if answer.person is None:
        return _everybody(answer.rights, reader)
    if len(answer.rights) == 1:
        return [_sentence(answer.person, answer.rights[0], reader)]
    rows = [
        [
            plain(one.application),
            plain(one.environment),
            plain(one.right),
            _decides(answer.person, one, reader),
        ]
        for one in answer.rights
    ]
    return [reader.word(answers.RIGHTS_OF, person=plain(answer.person)), "", *table(rows)]


def _everybody(shown: Iterable[RightShown], reader: Reader) -> list[str]:
    members = {(one.application, one.environment, one.right): one.members for one in shown}
    rights = list(dict.fromkeys(right for _, _, right in members))
    places = list(dict.fromkeys((application, environment) for application, environment, _ in members))
    heading = [reader.word(answers.APPLICATION), reader.word(answers.ENVIRONMENT), *map(plain, rights)]
    rows = [
        [
            *map(plain, place),
            *(", ".join(map(plain, members.get((*place, right), ()))) or _NOBODY for right in rights),
        ]
        for place in places
    ]
    return table([heading, *rows])


def _decides(person: str, one: RightShown, reader: Reader) -> str:
    if one.may:
        wording = answers.YES_BY_NAME if one.by_rule in (None, person) else answers.YES_THROUGH
    else:
        wording = answers.NO_ONLY if one.members else answers.NO_NOBODY
    return reader.word(wording, rule=plain(one.by_rule or ""), members=", ".join(map(plain, one.members)))


def _sentence(person: str, one: RightShown, reader: Reader) -> str:
    if one.may:
        wording = answers.MAY_BY_NAME if one.by_rule in (None, person) else answers.MAY_THROUGH
    else:
        wording = answers.MAY_NOT if one.members else answers.MAY_NOT_NOBODY
    return reader.word(
        wording,
        person=plain(person),
        right=plain(one.right),
        application=plain(one.application),
        environment=plain(one.environment),
        rule=plain(one.by_rule or ""),
        members=", ".join(map(plain, one.members)),
    )
