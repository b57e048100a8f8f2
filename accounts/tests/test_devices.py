"""What the list of devices calls a browser."""

import pytest

from accounts.templatetags.devices import device, is_handheld

ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; TECNO BG6) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1 Version/18.1 Mobile Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


@pytest.mark.parametrize(
    ("user_agent", "words", "handheld"),
    [
        (ANDROID, "Chrome on Android", True),
        (IPHONE, "Safari on iPhone", True),
        (EDGE, "Edge on Windows", False),
        (FIREFOX, "Firefox on Linux", False),
        ("curl/8.5.0", "Unknown browser", False),
        ("", "Unknown browser", False),
    ],
)
def test_a_device_is_named_in_words_its_owner_knows(user_agent: str, words: str, handheld: bool) -> None:
    assert device(user_agent) == words
    assert is_handheld(user_agent) is handheld
