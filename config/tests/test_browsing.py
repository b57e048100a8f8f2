"""Whoever looks over the browser's shoulder passes over what is like what was flawless, and nothing else."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from config.tests import browsing
from config.tests.browsing import faults

pytestmark = pytest.mark.browser
WHOLE = """<!doctype html><html lang="en"><head><title>Accounts</title><style>li { margin: 2em }</style></head><body>
<header><a href="/">Alajo</a></header>
<main><h1>Accounts</h1>
<ul class="rows"><li><a href="/1/">Ada</a> <span>₦500.00</span></li><li><a href="/2/">Bola</a></li></ul>
<form><p><label for="amount">Amount</label> <input id="amount" value="500"></p><button>Send</button></form>
<table><tbody><tr><th scope="row">Fee</th><td>₦10.00</td></tr></tbody></table></main></body></html>"""
BROKEN = {
    "color-contrast": ("<li><a href", '<li><a style="color: #aaaaaa" href'),
    "image-alt": ("</ul>", '<li><a href="/2/">Bola</a></li>' * 9 + '<li><img src="data:,"></li></ul>'),
    "label": ('<label for="amount">Amount</label>', "Amount"),
    "link-name": (">Bola<", "><"),
    "list": ("</ul>", '<li><a href="/2/">Bola</a></li><a href="/3/">Chidi</a></ul>'),
    "button-name": (">Send<", "><"),
    "document-title": ("<title>Accounts</title>", ""),
    "html-has-lang": (' lang="en"', ""),
    "aria-valid-attr-value": ("<button>", '<button aria-expanded="perhaps">'),
}


@pytest.fixture
def page(chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setattr(browsing, "_flawless", set())
    page = chromium.new_page()
    page.set_content(WHOLE)
    assert faults(page) == []
    yield page
    page.close()


@pytest.mark.parametrize("rule", BROKEN)
def test_what_breaks_a_page_that_was_flawless_is_found(page: Page, rule: str) -> None:
    page.set_content(WHOLE.replace(*BROKEN[rule], 1))
    assert {found.split(":")[0] for found in faults(page)} >= {rule}


def test_what_stands_in_other_colours_is_looked_at_again(page: Page) -> None:
    page.set_content(WHOLE.replace("<main>", '<main style="background: #4444ff">'))
    assert {found.split(":")[0] for found in faults(page)} == {"color-contrast"}


def test_other_words_and_more_rows_are_passed_over(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsing, "AXE_SCRIPT", "throw new Error('looked')")
    row = '<li><a href="/2/">Bola</a></li>'
    page.set_content(WHOLE.replace("Ada", "Ngozi").replace("500", "7").replace(row, row * 5))
    assert faults(page) == []
