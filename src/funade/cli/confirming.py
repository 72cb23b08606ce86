"""Ask a yes or a no, in any language that people may answer in."""

import click

from funade.cli.session import Session
from funade.texts import terminal

YES = frozenset({"y", "yes", "はい", "ｙ", "ok"})
NO = frozenset({"n", "no", "いいえ", "ｎ", ""})


def confirmed(session: Session, question: str) -> bool:
    """Return whether the answer is yes; nothing said is no, and what is neither is asked again."""
    asked = session.word(terminal.YES_OR_NO, question=session.word(question))
    while True:
        try:
            answer = input(asked).strip().lower()
        except EOFError:
            raise click.Abort from None
        if answer in YES | NO:
            return answer in YES
        session.note(terminal.NEITHER)
