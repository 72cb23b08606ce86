import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.domain.application import SecretReference, parse_reference


@pytest.mark.parametrize("text", ["env:DEPLOY_TOKEN", "file:/run/secrets/key", "file:/with space/and:colon"])
def test_a_reference_says_where_the_value_is(text):
    assert str(parse_reference(text)) == text


def test_a_reference_has_a_scheme_and_a_place():
    assert parse_reference("env:TOKEN") == SecretReference(scheme="env", place="TOKEN")


@pytest.mark.parametrize(
    "text",
    ["", "env", "env:", "env:A B", "env:1A", "file:relative", "file:", "kms:x", "hunter2", "file:/a\nb"],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="by reference only: `env:NAME` or `file:/path`"):
        parse_reference(text)


@given(st.text(min_size=12))
def test_what_may_be_a_secret_is_never_repeated(text):
    with pytest.raises(ValueError, match="by reference only") as refused:
        parse_reference(text.replace(":", ""))
    assert text not in str(refused.value)
