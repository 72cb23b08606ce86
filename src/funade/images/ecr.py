"""A way into AWS's registries (ECR): a password for all registries of a region, good for twelve hours."""

import asyncio
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from funade.clients.aws import AwsClient
from funade.clients.aws_faults import Fault, fault_of
from funade.domain.errors import RegistryError

_REGISTRY = re.compile(
    r"\d{12}\.(?:dkr\.ecr(?:-fips)?|dkr-ecr(?:-fips)?)\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)"
    r"\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """One registry of an account in a region, by the name that images carry."""

    host: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What lets images of a registry be pulled until then."""

    registry: Registry
    user: str
    password: str = field(repr=False)
    until: datetime


def parse_registry(host: str) -> Registry:
    """Return the registry of that name, or raise RegistryError."""
    found = _REGISTRY.fullmatch(host)
    if found is None:
        message = (
            f"`{host}` is no registry of ECR — write it as images carry it: "
            "`123456789012.dkr.ecr.eu-central-1.amazonaws.com`"
        )
        raise RegistryError(message)
    return Registry(host=host, region=found["region"])


async def log_in(registries: Sequence[Registry]) -> list[Login]:
    """Return a way into each of them, or raise RegistryError: some without the others would be a step back."""
    regions = sorted({registry.region for registry in registries})
    answers = await asyncio.gather(*map(_ask, regions))
    ways = dict(zip(regions, answers, strict=True))
    return [
        Login(registry=registry, user=user, password=password, until=until)
        for registry in registries
        for user, password, until in (ways[registry.region],)
    ]


async def _ask(region: str) -> tuple[str, str, datetime]:
    async with AwsClient("ecr", region=region) as client:
        try:
            answer = await (await client.get()).get_authorization_token()
        except client.errors() as error:
            fault, code = fault_of(error)
            if fault is Fault.OURS:
                raise
            # What was raised may hold what was sent, and with it keys.
            problem = _worded(fault, code, region)
        else:
            return _read(answer, region)
    raise RegistryError(problem)


def _read(answer: Any, region: str) -> tuple[str, str, datetime]:
    try:
        said = answer["authorizationData"][0]
        user, colon, password = (
            b64decode(said["authorizationToken"], validate=True).decode("ascii").partition(":")
        )
        until: datetime = said["expiresAt"]
        if colon and password and until.tzinfo is not None:
            return user, password, until
    except (LookupError, TypeError, AttributeError, ValueError, NotBase64):
        pass
    # Nothing of it is repeated: it may be the password in another shape.
    message = f"what answers for ECR in `{region}` does not speak ECR — see whether a proxy stands in between"
    raise RegistryError(message)


def _worded(fault: Fault, code: str, region: str) -> str:
    match fault:
        case Fault.BUSY:
            return f"ECR in `{region}` asks us to slow down — run it again later"
        case Fault.DOWN:
            return f"ECR in `{region}` cannot serve now ({code}) — run it again later"
        case Fault.AWAY:
            return (
                f"ECR in `{region}` cannot be reached ({code}) — "
                f"let this place out to `api.ecr.{region}.amazonaws.com`, or name another in `AWS_ENDPOINT_URL_ECR`"
            )
        case Fault.KEYS_AWAY:
            return f"what gives us AWS credentials for ECR does not answer ({code}) — run it again later"
        case Fault.FORBIDDEN:
            return (
                f"AWS does not let us into ECR in `{region}` — "
                "allow `ecr:GetAuthorizationToken` in the policy of our credentials"
            )
        case Fault.NO_KEYS:
            return (
                f"there are no usable AWS credentials for ECR ({code}) — "
                "give the process a role, or keys in its environment"
            )
        case Fault.WRONG_KEYS:
            return (
                f"AWS does not accept our credentials for ECR ({code}) — "
                "see whether the key is still active, and whether its secret was copied whole"
            )
        case Fault.OLD_KEYS:
            return (
                f"our AWS credentials for ECR are too old ({code}) — "
                "renew them; if they are new, set the clock of this machine"
            )
        case Fault.NO_LIBRARY:
            return "the library for AWS is not installed — install `funade[aws]`"
        case _:
            return (
                f"ECR in `{region}` refuses what we asked ({code}) — see what that means in its documentation"
            )
