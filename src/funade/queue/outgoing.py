"""Orders and facts as messages: each under the name by which it is known when it is said again."""

from funade.domain.messages import Fact, Order, group_of, key_of
from funade.domain.queue_text import to_text
from funade.usecases.queue_ports import Message


def message_of(said: Order | Fact) -> Message:
    """Return what carries it through any queue."""
    return Message(body=to_text(said), key=key_of(said), group=group_of(said))
