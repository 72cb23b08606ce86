"""Who may do what where, in a small table; for one person, the rule that decides."""

from funade.chat.layout import table
from funade.domain.answers import RightShown, RightsShown
from funade.texts import Reader, answers, plain


def rights_lines(answer: RightsShown, reader: Reader) -> list[str]:
    """Return a line for every environment, or for every right of a person."""
    if answer.owner_alone:
        return [reader.word(answers.OWNER_ALONE)]
    if not answer.rights:
        return [reader.word(answers.NO_RIGHTS)]
    if answer.person is None:
        return _table(answer, reader)
    return [*_of_person(answer.person, answer, reader)]


def _table(answer: RightsShown, reader: Reader) -> list[str]:
    heading = [
        reader.word(one) for one in (answers.APPLICATION, answers.ENVIRONMENT, answers.RIGHT, answers.WHO)
    ]
    rows = [[*_place(one), one.right, _members(one, reader)] for one in answer.rights]
    return table([heading, *rows])


def _of_person(person: str, answer: RightsShown, reader: Reader) -> list[str]:
    rows = []
    for one in answer.rights:
        if one.may:
            decides = reader.word(answers.MAY_BY, rule=plain(one.by_rule or "?"))
        else:
            decides = reader.word(answers.MAY_NOT, members=_members(one, reader))
        rows.append([*_place(one), one.right, decides])
    return [reader.word(answers.RIGHTS_OF, person=plain(person)), "", *table(rows)]


def _place(one: RightShown) -> list[str]:
    return [plain(one.application), plain(one.environment)]


def _members(one: RightShown, reader: Reader) -> str:
    return ", ".join(map(plain, one.members)) or reader.word(answers.NOBODY)
