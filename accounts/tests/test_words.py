"""What our libraries say to people is said in our words."""

from gettext import GNUTranslations

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import gettext

FOLDER = settings.LOCALE_PATHS[0] / "en/LC_MESSAGES"


def test_what_is_compiled_is_what_is_written():
    with (FOLDER / "django.po").open("rb") as written, (FOLDER / "django.mo").open("rb") as made:
        words = {entry.id: entry.string for entry in read_po(written) if entry.id}
        compiled = GNUTranslations(made)
    assert {text: compiled.gettext(text) for text in words} == words


@pytest.mark.parametrize("path", ["login", "signup", "password/reset"])
def test_an_address_has_one_name_on_every_page(client, db, path):
    page = client.get(f"/accounts/{path}/").content.decode()
    assert "E-mail" in page
    assert ">Email" not in page
    assert gettext("Incorrect code.") != "Incorrect code."
