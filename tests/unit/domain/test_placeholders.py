import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.domain import placeholders

SHA = "f5c0df1" + 33 * "0"
VALUES = {"application": "shop", "environment": "production", "revision": SHA, "short_revision": "f5c0df1"}


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("{application}-{environment}", "shop-production"),
        ("{revision}", SHA),
        ("v{short_revision}", "vf5c0df1"),
        ("", ""),
        ("no placeholder", "no placeholder"),
        ("{{revision}}", "{revision}"),
        ('{{"sha": "{short_revision}"}}', '{"sha": "f5c0df1"}'),
        ("${{HOME}}", "${HOME}"),
        ("{{{short_revision}}}", "{f5c0df1}"),
    ],
)
def test_a_template_becomes_text(template, rendered):
    assert placeholders.render(template, VALUES) == rendered


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{revison}", "`{revison}` is no placeholder; did you mean `{revision}`?"),
        (
            "${HOME}",
            (
                "`{HOME}` is no placeholder; known are `{application}`, `{environment}`, `{revision}`, "
                "`{short_revision}`; a brace that is meant is written twice"
            ),
        ),
        ("{", "a single `{` opens or closes no placeholder; a brace is written `{{`"),
        ("a}", "a single `}` opens or closes no placeholder; a brace is written `}}`"),
        ("{}", "a single `{` opens or closes no placeholder; a brace is written `{{`"),
        ("{revision.__class__}", "a single `{` opens or closes no placeholder; a brace is written `{{`"),
        ("{revision!r}", "a single `{` opens or closes no placeholder; a brace is written `{{`"),
    ],
)
def test_a_broken_template_is_refused_with_what_is_wrong(template, problem):
    with pytest.raises(ValueError, match=r"brace|placeholder") as refused:
        placeholders.render(template, VALUES)
    assert str(refused.value) == problem


@given(st.text())
def test_a_value_is_never_read_again(value):
    assert placeholders.render("{application}", {"application": value}) == value


@given(st.text())
def test_text_with_its_braces_doubled_stays_as_it_was(text):
    assert placeholders.render(text.replace("{", "{{").replace("}", "}}"), VALUES) == text


@pytest.mark.parametrize(
    ("template", "text", "found"),
    [
        ("{revision}", SHA, SHA),
        ("{revision}", 64 * "a", 64 * "a"),
        ("{revision}", "main", None),
        ("{revision}", SHA.upper(), None),
        ('{{"sha":"{revision}"}}', f'{{"sha":"{SHA}"}}', SHA),
        ("{application} {revision} {revision}", f"shop {SHA} {SHA}", SHA),
        ("{application} {revision}", f"cart {SHA}", None),
        ("{revision} {revision}", f"{SHA} {40 * 'a'}", None),
        ("{short_revision}", "f5c0df1", None),
    ],
)
def test_the_revision_is_read_back_from_an_answer(template, text, found):
    assert placeholders.find_revision(template, VALUES, text) == found
