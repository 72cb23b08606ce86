import pytest

from funade.playground.clock import Clock
from funade.playground.manifest import Contents
from funade.playground.switches import Switches
from funade.playground.typed import corrected, rich_text, wire_text
from funade.playground.workspace import Workspace


@pytest.fixture(scope="module")
def names():
    workspace = Workspace(Contents(), Clock(frozen=True, start=1_800_000_000.0))
    workspace.install()
    return workspace.names()


@pytest.mark.parametrize(
    ("typed", "wire"),
    [
        ("a & b <c>", "a &amp; b &lt;c&gt;"),
        ("<@U0ADA>", "&lt;@U0ADA&gt;"),
        ("@ada and @nobody", "<@U0ADA> and @nobody"),
        ("@myapp deploy", "<@U0APP1> deploy"),
        ("@sre look", "<!subteam^S0SRE|@sre> look"),
        ("@here @channel", "<!here> <!channel>"),
        ("#general and #nowhere", "<#C0GENERAL|general> and #nowhere"),
        ("#sre-only", "<#C0SECRET|>"),
        ("run deploy.sh now", "run <http://deploy.sh|deploy.sh> now"),
        ("deploy payments.ai prod", "deploy <http://payments.ai|payments.ai> prod"),
        ("v1.2.0", "v1.2.0"),
        ("--ref=v1.2.0", "--ref=v1.2.0"),
        ("web@release.app", "<mailto:web@release.app|web@release.app>"),
        ("see https://a.example/x?y=1&z=2.", "see <https://a.example/x?y=1&amp;z=2>."),
        ("`deploy.sh @ada`", "`deploy.sh @ada`"),
        ("```a < b```", "```a &lt; b```"),
        ("🎉 done", ":tada: done"),
        ("deploy api prod --force", "deploy api prod --force"),
    ],
)
def test_what_is_typed_becomes_what_apps_receive(names, typed, wire):
    assert wire_text(typed, names, Switches()) == wire


def test_a_private_channel_has_no_name_on_the_wire_and_no_channel_has_one_when_told_so(names):
    switches = Switches(names_in_channel_links=True)
    assert wire_text("#general", names, switches) == "<#C0GENERAL|general>"


@pytest.mark.parametrize(
    ("keyboard", "wire"),
    [
        ("none", '--reason="hot fix" it\'s'),
        ("desktop", "—reason=“hot fix” it’s"),
    ],
)
def test_keyboards_that_mean_well(keyboard, wire):
    assert corrected('--reason="hot fix" it\'s', keyboard) == wire


def test_a_phone_begins_with_a_capital_and_ends_with_a_space():
    assert corrected("deploy api", "phone") == "Deploy api "


def test_rich_text_has_the_same_pieces(names):
    block = rich_text("hi @ada `x` https://a.example", names, Switches(), "B1")
    assert block["elements"][0]["elements"] == [
        {"type": "text", "text": "hi "},
        {"type": "user", "user_id": "U0ADA"},
        {"type": "text", "text": " "},
        {"type": "text", "text": "x", "style": {"code": True}},
        {"type": "text", "text": " "},
        {"type": "link", "url": "https://a.example"},
    ]
