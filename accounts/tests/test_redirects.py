"""Where a link may lead, and every trick to have it lead elsewhere."""

import pytest

from accounts.redirects import allowed, source_of

SITE = "http://testserver"
LIST = [
    "https://app.example.com/**",
    "https://*.preview.example.com/cb",
    "http://localhost:*/auth/*",
    "myapp://callback",
    "https://**.deep.example.com/**",
]


@pytest.fixture(autouse=True)
def _list(settings):
    settings.REDIRECT_ALLOW_LIST = LIST


@pytest.mark.parametrize(
    ("url", "becomes"),
    [
        ("http://testserver", None),
        ("http://testserver/welcome?a=1", None),
        ("https://app.example.com", None),
        ("https://app.example.com/a/b.html?x=//evil.com", None),
        ("HTTPS://APP.Example.COM/Path", "https://app.example.com/Path"),
        ("https://app.example.com/#access_token=planted", "https://app.example.com/"),
        ("https://one.preview.example.com/cb", None),
        ("https://a.b.deep.example.com/x", None),
        ("http://localhost:3000/auth/callback", None),
        ("myapp://callback", None),
    ],
)
def test_listed_addresses_are_kept(url, becomes):
    assert allowed(url) == (becomes or url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "//evil.com",
        "///evil.com",
        "\\\\evil.com",
        "/\\evil.com",
        "https:evil.com",
        "https:/evil.com",
        "https:///evil.com",
        "https://evil.com",
        "http://app.example.com/",
        "https://app.example.com.evil.com/",
        "https://evil.com/app.example.com/",
        "https://evil.com?https://app.example.com/",
        "https://evil.com#https://app.example.com/",
        "https://evil.com\\@app.example.com/",
        "https://evil.com\\.app.example.com/",
        "https://app.example.com@evil.com/",
        "https://app.example.com:pw@evil.com/",
        "https://user@app.example.com/",
        "https://@app.example.com/",
        "https://app.example.com:443:80/",
        "https://app.example.com:99999/",
        "https://app.example.com:0/",
        "https://app.example.com:8443/",
        "https://app.example.com./",
        "https://app。example。com/",
        "https://аpp.example.com/",
        "https://evil%2ecom/",
        "https://app.example.com%2eevil.com/",
        "https://app.example.com/\r\nSet-Cookie: a=b",
        "https://app.example.com/ x",
        "\thttps://app.example.com/",
        "https://app.example.com/\x00",
        "https://app.example.com/a/../../b",
        "https://app.example.com/%2e%2e/b",
        "https://app.example.com/%252e%252e/b",
        "https://one.two.preview.example.com/cb",
        "https://preview.example.com/cb",
        "https://evil.com/.preview.example.com/cb",
        "https://one.preview.example.com/cb/more",
        "https://one.preview.example.com/CB",
        "https://evil.com/.deep.example.com/",
        "https://evil.com?.deep.example.com/",
        "http://localhost:3000/auth/a/b",
        "http://localhost:3000/auth/a.b",
        "http://localhost.evil.com:3000/auth/a",
        "http://localhost:3000@evil.com/auth/a",
        "javascript:alert(1)",
        "javascript://app.example.com/%0aalert(1)",
        "data:text/html,x",
        "myapp://evil",
        "myapp://callback/x",
        "myapp:callback",
        "otherapp://callback",
        "https://[::1]:x/",
        "https://app.example.com/" + "a" * 2000,
    ],
)
def test_anything_else_leads_to_the_site(url):
    assert allowed(url) == SITE


def test_without_a_list_only_the_site_is_left(settings):
    settings.REDIRECT_ALLOW_LIST = []
    assert allowed("https://app.example.com/") == SITE
    assert allowed("http://testserver.evil.com/") == SITE
    assert allowed("http://testserver@evil.com/") == SITE
    assert allowed("http://testserver/x") == "http://testserver/x"


def test_a_scheme_that_runs_what_it_says_is_refused_even_when_listed(settings):
    settings.REDIRECT_ALLOW_LIST = ["javascript://**"]
    assert allowed("javascript://app/%0aalert(1)") == SITE


def test_the_source_that_a_policy_names():
    assert source_of("https://app.example.com:8443/a?b") == "https://app.example.com:8443"
    assert source_of("myapp://callback") == "myapp:"
