"""Files in parts, in a browser: a connection that breaks, a page that is left, a refusal, a phone's camera."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect

from accounts.models import Profile, User
from accounts.tests.factories import make_person
from config.tests.browsing import DESKTOP, PHONE, Look, Visitor
from config.tests.serving import log_in, site  # noqa: F401
from core.actors import acting_as_service
from storage_app.models import Object, ObjectVersion
from storage_app.services import buckets
from storage_app.tests.conftest import files  # noqa: F401
from storage_app.tests.factories import bytes_of
from storage_app.tests.pictures import photograph

MB = 1024 * 1024
pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("transactional_db", "files"),
]


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def main(page: Page) -> Any:
    return page.get_by_role("main")


def noise(path: Path) -> Path:
    """A picture that no format makes small: some 12 MB."""
    Image.frombytes("RGB", (2000, 2000), os.urandom(12_000_000)).save(path, compress_level=0)
    return path


class Line:
    """A visitor's connection: slow, cut and mended; and what went over it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._tools = page.context.new_cdp_session(page)
        self._tools.send("Network.enable")
        self.offsets: list[int] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))

    def _be(self, *, offline: bool, upload: int) -> None:
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
        self._tools.send("Network.emulateNetworkConditions", conditions)

    def slow(self) -> None:
        self._be(offline=False, upload=6 * MB)

    def cut(self) -> None:
        self._be(offline=True, upload=0)

    def mend(self) -> None:
        self._be(offline=False, upload=-1)

    def cut_after(self, offset: int) -> None:
        """Cut it once the part that begins at `offset` is on its way."""
        self.slow()
        with self._page.expect_request(
            lambda request: request.headers.get("upload-offset") == str(offset), timeout=60_000
        ):
            self._page.locator("[data-upload-start]").click()
        self.cut()


@pytest.mark.parametrize("visitor", [Look(PHONE, "dark")], indirect=True, ids=str)
def test_a_picture_of_oneself_over_a_connection_that_breaks(
    visitor: Visitor, ada: User, tmp_path: Path
) -> None:
    """Chosen, half of it sent, the connection lost and found: it goes on by itself, and there it is."""
    page = visitor.page
    log_in(page, ada.email)
    page.goto("/profile/")
    line = Line(page)
    page.set_input_files("#id_file", noise(tmp_path / "me.png"))
    expect(page.locator("[data-upload-state]")).to_contain_text("me.png")
    line.cut_after(4 * MB)
    expect(page.get_by_role("status").filter(has_text="The connection is gone")).to_be_visible()
    visitor.check()
    line.mend()
    expect(page.get_by_text("This is how others see you now.")).to_be_visible(timeout=60_000)
    assert line.offsets[0] == 0 and min(line.offsets[1:]) >= 4 * MB
    page.wait_for_load_state("networkidle")
    assert page.locator(".avatar--huge img").evaluate("picture => picture.naturalWidth") == 512
    assert page.get_by_role("banner").locator(".avatar img").evaluate("one => one.naturalWidth") == 512
    visitor.complaints[:] = [said for said in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in said]
    with acting_as_service():
        assert not Object.objects.filter(bucket_id="incoming").exists()
        assert Profile.objects.get(pk=ada.pk).avatar


@pytest.mark.parametrize("visitor", [Look(DESKTOP)], indirect=True, ids=str)
def test_a_page_that_was_left_goes_on_where_it_stopped(visitor: Visitor, ada: User, tmp_path: Path) -> None:
    page = visitor.page
    log_in(page, ada.email)
    page.goto("/files/")
    line = Line(page)
    content = os.urandom(11 * MB)
    (tmp_path / "takings.bin").write_bytes(content)
    page.set_input_files("#id_file", tmp_path / "takings.bin")
    line.cut_after(4 * MB)
    expect(page.get_by_role("status").filter(has_text="The connection is gone")).to_be_visible()
    page.goto("about:blank")
    line.mend()
    del line.offsets[:]
    page.goto("/files/")
    expect(page.get_by_text("takings.bin did not arrive whole.")).to_be_visible()
    visitor.check()
    page.set_input_files("#id_file", tmp_path / "takings.bin")
    main(page).get_by_role("button", name="Upload").click()
    expect(page.get_by_text("takings.bin is with your files.")).to_be_visible(timeout=60_000)
    assert line.offsets and min(line.offsets) >= 4 * MB
    visitor.complaints[:] = [said for said in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in said]
    with acting_as_service():
        found = Object.objects.select_related("version").get(bucket_id="documents")
        assert bytes_of(found) == content and ObjectVersion.objects.count() == 1


@pytest.mark.parametrize("visitor", [Look(DESKTOP)], indirect=True, ids=str)
def test_a_right_that_ended_meanwhile_is_asked_for_again(visitor: Visitor, ada: User, tmp_path: Path) -> None:
    page = visitor.page
    log_in(page, ada.email)
    page.goto("/files/")
    line = Line(page)
    (tmp_path / "takings.bin").write_bytes(bytes(11 * MB))
    page.set_input_files("#id_file", tmp_path / "takings.bin")
    line.cut_after(4 * MB)
    expect(page.get_by_role("status").filter(has_text="The connection is gone")).to_be_visible()
    with acting_as_service():
        buckets.end_signed_addresses(id="documents")
    visitor.meant.add(400)
    line.mend()
    expect(page.get_by_text("takings.bin is with your files.")).to_be_visible(timeout=60_000)
    assert line.offsets[0] == 0 and min(line.offsets[1:]) >= 4 * MB
    visitor.complaints[:] = [said for said in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in said]


@pytest.mark.parametrize("visitor", [Look(DESKTOP)], indirect=True, ids=str)
def test_an_upload_is_refused_in_words_or_cancelled(visitor: Visitor, ada: User, tmp_path: Path) -> None:
    page = visitor.page
    log_in(page, ada.email)
    page.goto("/profile/")
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7 hello")
    page.set_input_files("#id_file", tmp_path / "letter.pdf")
    main(page).get_by_role("button", name="Use this picture").click()
    expect(page.get_by_role("status").filter(has_text="is not supported")).to_be_visible()
    page.goto("/files/")
    (tmp_path / "big.bin").write_bytes(bytes(11 * MB))
    page.set_input_files("#id_file", tmp_path / "big.bin")
    Line(page).slow()
    main(page).get_by_role("button", name="Upload").click()
    expect(page.locator("[data-upload-amount]")).to_contain_text(re.compile(r"[1-9]\d? %"))
    main(page).get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-upload-state]")).to_be_hidden()
    page.reload()
    expect(page.locator("[data-upload-said]")).to_be_empty()
    expect(main(page)).to_contain_text("Nothing here yet")


def test_a_phone_offers_its_camera(chromium: Browser, site: str, ada: User, tmp_path: Path) -> None:  # noqa: F811
    context = chromium.new_context(base_url=site, viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    log_in(page, ada.email)
    page.goto("/files/")
    expect(page.get_by_text("Take a photo")).to_be_visible()
    photo = page.locator("#id_photo")
    assert photo.get_attribute("capture") == "environment" and photo.get_attribute("accept") == "image/*"
    (tmp_path / "receipt.jpg").write_bytes(photograph())
    photo.set_input_files(tmp_path / "receipt.jpg")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("receipt.jpg is with your files.")).to_be_visible()
    assert re.search(r"receipt\.jpg", page.get_by_role("main").inner_text())
    context.close()
