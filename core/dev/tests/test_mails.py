"""The reader of mails at /dev/mail/."""

import re
from importlib import reload

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives, get_connection
from django.urls import clear_url_caches, resolve
from django.urls.exceptions import Resolver404

from config import urls
from core.dev import mails

pytestmark = pytest.mark.usefixtures("transactional_db")


def write(
    subject: str, *, html: str = "", connection=None, text: str = "Here: http://testserver/help/ . Bye"
) -> None:
    letter = EmailMultiAlternatives(subject, text, to=["ada@alajo.test"], connection=connection)
    if html:
        letter.attach_alternative(html, "text/html")
    letter.send()


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    """Mails as development keeps them: in files."""
    settings.EMAIL_FILE_PATH = tmp_path
    monkeypatch.delattr(mail, "outbox")
    return get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=tmp_path)


def test_an_empty_list_says_so(client):
    answer = client.get("/dev/mail/")
    assert answer.status_code == 200
    assert "No mail yet" in answer.content.decode()


def test_mails_are_listed_newest_first_and_open_to_who_is_not_signed_in(client):
    write("First")
    write("Second")
    page = client.get("/dev/mail/").content.decode()
    assert page.index("Second") < page.index("First")
    link = re.search(r'href="(/dev/mail/[^"/]+/)"', page)[1]
    assert "Second" in client.get(link).content.decode()


def test_files_are_read_as_they_lie_also_several_mails_in_one(client, folder):
    write("Ọjọ́ ìbí", connection=folder, html="<p>Ẹ káàbọ̀</p>", text="Ẹ káàbọ̀\n\n" + "long " * 400)
    write("Second", connection=folder)
    found = mails.sent()
    assert {letter.subject for letter in found} == {"Ọjọ́ ìbí", "Second"}
    first = next(letter for letter in found if letter.html)
    assert (first.to, first.html.strip()) == ("ada@alajo.test", "<p>Ẹ káàbọ̀</p>")
    assert first.text.startswith("Ẹ káàbọ̀")
    assert client.get(f"/dev/mail/{first.name}/").status_code == 200


def test_a_folder_that_is_not_there_yet_holds_no_mail(client, settings, tmp_path, monkeypatch):
    settings.EMAIL_FILE_PATH = tmp_path / "not" / "yet"
    monkeypatch.delattr(mail, "outbox")
    assert mails.sent() == []
    settings.EMAIL_FILE_PATH = None
    assert mails.sent() == []


def test_links_in_the_text_can_be_pressed_and_nothing_in_it_is_markup(client):
    write("A link", text="See http://testserver/help/ <script>alert(1)</script>")
    page = client.get("/dev/mail/outbox-000000/").content.decode()
    assert '<a href="http://testserver/help/"' in page
    assert "<script>alert" not in page


def test_the_html_part_shows_in_a_frame_that_can_open_links_and_run_nothing(client):
    write("Styled", html='<p style="color:red">Hello <a href="http://testserver/help/">help</a></p>')
    page = client.get("/dev/mail/outbox-000000/").content.decode()
    frame = re.search(r'<iframe[^>]* src="([^"]+)"[^>]*>', page)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame[0]

    part = client.get(frame[1])
    policy = part.headers["Content-Security-Policy"]
    assert part.content.decode().endswith("help</a></p>")
    assert part.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-popups" in policy


def test_the_pages_round_it_keep_the_strict_policy(client):
    write("Any")
    for address in ("/dev/mail/", "/dev/mail/outbox-000000/"):
        answer = client.get(address)
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
        assert " style=" not in answer.content.decode()


@pytest.mark.parametrize("name", ["outbox-999999", "..", "x", "etc-passwd"])
def test_a_mail_that_was_never_sent_is_not_found(client, name):
    assert client.get(f"/dev/mail/{name}/").status_code == 404
    assert client.get(f"/dev/mail/{name}/html/").status_code == 404


def test_it_is_not_mounted_outside_development(settings):
    settings.SANDBOX = False
    try:
        reload(urls)
        clear_url_caches()
        with pytest.raises(Resolver404):
            resolve("/dev/mail/", urlconf="config.urls")
    finally:
        settings.SANDBOX = True
        reload(urls)
        clear_url_caches()
    assert resolve("/dev/mail/", urlconf="config.urls").view_name == "dev:mails"
