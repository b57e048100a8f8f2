"""Files in a browser: kept, looked at, taken home and thrown away; and a picture of oneself by a plain form."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tests.factories import make_person
from config.tests.browsing import DESKTOP, PHONE, Look, Visitor
from config.tests.serving import log_in, site  # noqa: F401
from storage_app.services import documents
from storage_app.tests.conftest import files  # noqa: F401
from storage_app.tests.pictures import opened, photograph

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("transactional_db", "files"),
]


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def main(page: Page) -> Any:
    return page.get_by_role("main")


LOOKS = [Look(PHONE, "dark"), Look(DESKTOP, scripts=False)]


@pytest.mark.parametrize("visitor", LOOKS, indirect=True, ids=str)
def test_the_pages_of_files(visitor: Visitor, ada: User, tmp_path: Path) -> None:
    """Kept, looked at, taken home, replaced, brought back and thrown away; with and without scripts."""
    page = visitor.page
    log_in(page, ada.email)
    visitor.go("/files/")
    expect(main(page)).to_contain_text("Nothing here yet")
    if visitor.look.scripts:
        # What is in a folder already came by another way than the form, which other tests look at.
        for title, content in (("Beach.jpg", photograph((900, 600))), ("Notes.txt", b"hello")):
            documents.add(
                owner=ada, title=title, content_type="", source=[content], size=9, at=ada.created_at
            )
        visitor.go("/files/")
    else:
        for title, content in (("Beach.jpg", photograph((900, 600))), ("Notes.txt", b"hello")):
            (tmp_path / title).write_bytes(content)
            page.set_input_files("#id_file", tmp_path / title)
            main(page).get_by_role("button", name="Upload").click()
            expect(page.get_by_text(f"{title} is with your files.")).to_be_visible()
    main(page).get_by_role("link", name="Beach.jpg", exact=True).click()
    preview = page.get_by_alt_text("Preview of Beach.jpg")
    expect(preview).to_be_visible()
    page.wait_for_load_state("networkidle")
    if visitor.look.scripts:
        assert preview.evaluate("picture => picture.naturalWidth") == 900
    visitor.check()
    with page.expect_download() as taken:
        main(page).get_by_role("link", name="Download").click()
    assert taken.value.suggested_filename == "Beach.jpg"
    assert Path(taken.value.path()).read_bytes() == photograph((900, 600))
    page.get_by_text("Delete", exact=True).click()
    visitor.check()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Beach.jpg was deleted.")).to_be_visible()
    visitor.check()


@pytest.mark.parametrize("visitor", [Look(PHONE, scripts=False)], indirect=True, ids=str)
def test_a_picture_of_oneself_by_a_plain_form(visitor: Visitor, ada: User, tmp_path: Path) -> None:
    page = visitor.page
    log_in(page, ada.email)
    visitor.go("/profile/")
    visitor.meant.add(422)
    (tmp_path / "me.jpg").write_bytes(b"not a picture at all")
    page.set_input_files("#id_file", tmp_path / "me.jpg")
    main(page).get_by_role("button", name="Use this picture").click()
    expect(page.get_by_role("alert")).to_contain_text("not a picture that we can read")
    visitor.check()
    (tmp_path / "me.jpg").write_bytes(photograph((900, 600)))
    page.set_input_files("#id_file", tmp_path / "me.jpg")
    main(page).get_by_role("button", name="Use this picture").click()
    expect(page.get_by_text("This is how others see you now.")).to_be_visible()
    shown = page.locator(".avatar--huge img")
    answer = page.request.get(shown.get_attribute("src") or "")
    assert answer.ok and opened(answer.body()).size == (512, 512)
    assert answer.headers["cache-control"] == "max-age=31536000, immutable"
