"""What a kind of target brings to the configuration: its settings' shape, and their reading."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from funade.domain.wire import Plain

if TYPE_CHECKING:
    # Brings half of the domain, and every `funade status` would pay for it.
    from funade.domain.orders import Problem


class Kind(Protocol):
    """One kind of target, as the configuration needs it."""

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of the settings beside `kind`."""

    def parse(
        self, settings: Mapping[str, Plain], where: str, /
    ) -> tuple[Mapping[str, Plain], Sequence["Problem"]]:
        """Return the settings, complete and normalised, and what is wrong with them.

        `where` is the path of keys that leads here; a problem's own begins with it: `….target.run[0]`.
        """


Kinds: TypeAlias = Mapping[str, Kind]
