"""Keys of AWS by reference: revealed each time anew, so that changed ones are used once the old ones are refused."""

from collections.abc import Callable
from dataclasses import dataclass

from funade.clients.aws import AwsKeys
from funade.domain.application import SecretReference
from funade.usecases.ports import Secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReferences:
    """Where the keys of one account are; `session_token` with keys that last for hours only."""

    access_key: SecretReference
    secret_key: SecretReference
    session_token: SecretReference | None = None


def keys_from(secrets: Secrets, references: KeyReferences) -> Callable[[], AwsKeys]:
    """Return what reveals the keys, or raises SecretError naming the reference that leads nowhere."""

    def reveal() -> AwsKeys:
        token = references.session_token
        return AwsKeys(
            access_key=secrets.reveal(references.access_key),
            secret_key=secrets.reveal(references.secret_key),
            session_token=secrets.reveal(token) if token is not None else None,
        )

    return reveal
