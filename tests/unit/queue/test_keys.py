import pytest

from funade.clients.aws import AwsKeys
from funade.domain.application import parse_reference
from funade.domain.errors import SecretError
from funade.queue.keys import KeyReferences, keys_from
from funade.testing.secrets import FakeSecrets

KEY, SECRET, TOKEN = (parse_reference(f"env:{name}") for name in ("KEY", "SECRET", "TOKEN"))


def test_keys_are_revealed_each_time_anew():
    values = {"env:KEY": "AKIA1", "env:SECRET": "hunter2"}
    reveal = keys_from(FakeSecrets(values), KeyReferences(access_key=KEY, secret_key=SECRET))
    assert reveal() == AwsKeys(access_key="AKIA1", secret_key="hunter2")
    values["env:KEY"] = "AKIA2"
    assert reveal().access_key == "AKIA2"


def test_a_session_token_is_revealed_where_there_is_one():
    secrets = FakeSecrets({"env:KEY": "AKIA1", "env:SECRET": "hunter2", "env:TOKEN": "t"})
    references = KeyReferences(access_key=KEY, secret_key=SECRET, session_token=TOKEN)
    assert keys_from(secrets, references)().session_token == "t"


def test_a_reference_that_leads_nowhere_is_named():
    with pytest.raises(SecretError, match="`env:SECRET`"):
        keys_from(FakeSecrets({"env:KEY": "AKIA1"}), KeyReferences(access_key=KEY, secret_key=SECRET))()
