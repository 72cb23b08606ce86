import pytest

from funade.domain.errors import SourceError
from funade.sources.address import Kind, parse_address, resolve_relative, without_credentials


@pytest.mark.parametrize(
    ("url", "kind", "authority", "path"),
    [
        ("https://github.com/acme/shop.git", Kind.HTTPS, "github.com", "/acme/shop.git"),
        ("https://git.acme.example:8443/shop", Kind.HTTPS, "git.acme.example:8443", "/shop"),
        ("https://[::1]:8443/shop", Kind.HTTPS, "[::1]:8443", "/shop"),
        ("http://127.0.0.1:8080/shop", Kind.HTTP, "127.0.0.1:8080", "/shop"),
        ("http://localhost/shop", Kind.HTTP, "localhost", "/shop"),
        ("ssh://git@github.com:22/acme/shop.git", Kind.SSH, "github.com:22", "/acme/shop.git"),
        ("git@github.com:acme/shop.git", Kind.SSH, "github.com", "acme/shop.git"),
        ("github.com:acme/shop.git", Kind.SSH, "github.com", "acme/shop.git"),
        ("/srv/git/shop.git", Kind.PATH, "", "/srv/git/shop.git"),
        ("/srv/od:d/shop", Kind.PATH, "", "/srv/od:d/shop"),
        ("file:///srv/git/shop%20one.git", Kind.PATH, "", "/srv/git/shop one.git"),
        ("file://localhost/srv/shop", Kind.PATH, "", "/srv/shop"),
    ],
)
def test_a_url_is_read_as_git_reads_it(url, kind, authority, path):
    address = parse_address(url)
    assert (address.kind, address.authority, address.path) == (kind, authority, path)
    assert address.url == (path if kind is Kind.PATH else url)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://ada:pw@acme.example/shop",
            "https://t0ken@acme.example/shop",
            "ssh://git:pw@acme.example/shop",
        ),
        *("ext::sh -c id", "ext::id", "fd::17", "git://acme.example/shop", "http://acme.example/shop"),
        *("http://127.0.0.1.acme.example/shop", "HTTP://acme.example/shop", "ftp://acme.example/shop"),
        *(
            "ssh://-oProxyCommand=id/shop",
            "ssh://-l@acme.example/shop",
            "-oProxyCommand=id:shop",
            "-l@host:shop",
        ),
        *("https://acme.example/shop?token=1", "https://acme.example/shop#x", "https://acme.example:x/shop"),
        *(
            "https:///shop",
            "https://acme .example/shop",
            "https://acme.example/a\nb",
            "/srv/\x00",
            "",
            "file://host/x",
        ),
    ],
)
def test_a_url_that_nobody_should_follow_is_refused_without_its_password(url):
    with pytest.raises(SourceError, match="cannot be used as a repository") as caught:
        parse_address(url)
    for secret in (":pw@", "t0ken@"):
        assert secret not in str(caught.value)


def test_every_address_has_its_own_readable_folder():
    urls = [
        "https://a.example/acme/shop.git",
        "https://b.example/acme/shop",
        "https://a.example/acme/shop",
        "/",
    ]
    names = [parse_address(url).file_name for url in urls]
    assert len(set(names)) == 4
    assert [name.rpartition("-")[0] for name in names] == ["acme-shop"] * 3 + ["repository"]
    long = parse_address("https://a.example/" + "ü/../" * 90 + "x$y").file_name
    assert len(long) < 60
    assert long.isascii()


@pytest.mark.parametrize(
    ("url", "base", "whole"),
    [
        ("../other.git", "https://a.example/acme/shop.git", "https://a.example/acme/other.git"),
        ("../../lib/x", "https://a.example/acme/shop.git/", "https://a.example/lib/x"),
        ("./inner", "https://a.example/acme/shop", "https://a.example/acme/shop/inner"),
        ("../other", "git@a.example:acme/shop", "git@a.example:acme/other"),
        ("../other", "git@a.example:shop", "git@a.example:other"),
        ("../other", "/srv/git/shop", "/srv/git/other"),
        ("https://b.example/x", "/srv/git/shop", "https://b.example/x"),
        ("git@b.example:x", "/srv/git/shop", "git@b.example:x"),
    ],
)
def test_a_relative_url_starts_from_its_parents(url, base, whole):
    assert resolve_relative(url, base) == whole


def test_a_relative_url_leads_to_no_other_host():
    with pytest.raises(SourceError, match="leads above"):
        resolve_relative("../../evil.example/x", "https://a.example/shop")


def test_credentials_in_any_url_are_masked():
    said = "fatal: unable to access 'https://ada:p@ss@a.example/x': and ssh://b@c/ but mail@d.example stays"
    masked = without_credentials(said)
    assert (
        masked
        == "fatal: unable to access 'https://***@a.example/x': and ssh://***@c/ but mail@d.example stays"
    )
