"""A browser that is looked over the shoulder: what it complains of, what a page keeps from some people."""

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.core import mail
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

# Milliseconds that a browser on a busy machine is waited for, to do something and to show something alike.
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
STANDARD = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
# A frame is another's page, and none that holds a mail lets axe in.
AXE = {"runOnly": {"type": "tag", "values": STANDARD}, "resultTypes": ["violations"], "iframes": False}
# What a page's other colours and width may break; names, roles and order are the same in every look.
LOOKS_ALONE = ["color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable"]
OF_LOOKS = {**AXE, "runOnly": {"type": "rule", "values": LOOKS_ALONE}}
PICTURES = Path(__file__).parents[2] / "docs/images"
# Chromium reports every answer from 400 on, also the ones that a page is meant to give.
REPORTED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
FORM_REFUSED = 422
# What pages are made of, and often share: what axe found nothing in, it need not look at again.
PARTS = (Path(__file__).parent / "parts.js").read_text()
READ = f"() => {{ {PARTS} return partsOf(document).map(part => part.shape); }}"
LOOK = f"""([skipped, options]) => {{
    {PARTS}
    const exclude = partsOf(document).filter((part, place) => part.element && skipped[place]);
    return axe.run({{exclude: exclude.map(part => part.element)}}, options).then(found => found.violations);
}}"""
_flawless: set[tuple[str, int]] = set()


@dataclass(frozen=True)
class Look:
    """The window a visitor sees the site through; `is_second` where another test visits the same pages in another."""

    viewport: dict[str, int]
    colours: str = "light"
    scripts: bool = True
    is_second: bool = False

    def __str__(self) -> str:
        return f"{self.viewport['width']}-{self.colours}" + ("" if self.scripts else "-no-scripts")


class Visitor:
    """One person's browser, cookies and all.

    `complaints` are the console's errors and warnings, script errors included; an answer in `meant` is none.
    """

    def __init__(self, chromium: Browser, site: str, look: Look) -> None:
        self.site, self.look = site, look
        self.complaints: list[str] = []
        self.meant = {FORM_REFUSED}
        self._context = chromium.new_context(
            base_url=site,
            viewport=look.viewport,
            color_scheme=look.colours,
            java_script_enabled=look.scripts,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="Africa/Lagos",
        )
        self._context.set_default_timeout(PATIENCE)
        self._context.on("console", self._heard)
        self._context.on("weberror", lambda error: self.complaints.append(f"{error.page.url}: {error.error}"))
        self.page = self.open_tab()

    def open_tab(self) -> Page:
        return self._context.new_page()

    def forget(self) -> None:
        """Lose the cookies."""
        self._context.clear_cookies()

    def leave(self) -> None:
        self._context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        reported = REPORTED.match(message.text)
        if reported and int(reported[1]) in self.meant:
            return
        if message.type in ("error", "warning"):
            where = message.page.url if message.page else ""
            self.complaints.append(f"{where}: {message.text}")

    def check(self, page: Page | None = None, *, beyond_us: str = "") -> None:
        """Fail for what axe calls serious on this page, and for one that is wider than its window.

        `beyond_us` names an axe rule that a page breaks whose markup is another's.
        """
        page = page or self.page
        # A click waits for the next page's first byte only; before its first tag there is no documentElement.
        page.wait_for_load_state()
        too_wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert too_wide <= 0, f"{page.url} is {too_wide} px wider than {self.look}"
        if self.look.scripts:
            rules = OF_LOOKS if self.look.is_second else AXE
            found = faults(page, rules, look=str(self.look))
            found = [fault for fault in found if fault.split(":")[0] != beyond_us]
            assert not found, "\n".join([f"{page.url} at {self.look}", *found])

    def go(self, address: str) -> None:
        """Open an address of the site and check its page."""
        self.page.goto(address)
        self.check()

    def picture(self, name: str, *, whole: bool = False) -> None:
        """Keep what is seen now for the README, where ALAJO_SCREENSHOTS says so."""
        if os.environ.get("ALAJO_SCREENSHOTS") == "1":
            self.page.evaluate("window.scrollTo(0, 0); document.activeElement?.blur()")
            self.page.screenshot(path=PICTURES / name, full_page=whole)


def faults(page: Page, options: dict[str, Any] = AXE, *, look: str = "") -> list[str]:
    """What axe finds serious or critical, with the elements it means."""
    parts = [(look, hash(shape)) for shape in page.evaluate(READ)]
    # One beside its like may be too near; more of them tell nothing new.
    seen, skipped = Counter[tuple[str, int]](), []
    for part in parts:
        skipped.append(part in _flawless or seen[part] > 1)
        seen[part] += 1
    if all(skipped):
        return []
    page.evaluate(AXE_SCRIPT)
    found = [
        f"{fault['id']}: {fault['help']}: {node['html']}"
        for fault in page.evaluate(LOOK, [skipped, options])
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
    if not found:
        _flawless.update(parts)
    return found


def mailed_code() -> str:
    """The code in the latest mail."""
    found = re.search(r"^\s+([A-Z0-9-]{4,12})\s*$", mail.outbox[-1].body, re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found[1]


def mailed_token() -> str:
    """The token of the latest invitation to an organisation."""
    found = [re.search(r"/organizations/join/([\w-]+)/", letter.body) for letter in mail.outbox]
    return [match[1] for match in found if match][-1]
