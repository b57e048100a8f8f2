"""Every page of an organisation in a browser: members, what it is paid, and what its programs are told."""

from playwright.sync_api import expect

from config.tests.browsing import Visitor, mailed_token
from config.tests.visiting import ADA, NGOZI, VISITS, heading, log_in, press
from core.actors import acting_as_service
from credit.models import Application, Contract, LoanProduct, Provider
from wallet.models import (
    BulkPayout,
    MerchantPayment,
)
from wallet.tests.ledger import trust_new_factors

WEBHOOK_PAGES = ("change", "roll", "delete", "resend")
pytestmark = VISITS


def test_the_pages_of_an_organisation(visitor: Visitor, demo: None) -> None:
    page, shop = visitor.page, "/organizations/kasuwa-stores/"
    log_in(visitor, NGOZI)
    visitor.go("/organizations/")
    press(page, "Create it")
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.check()
    visitor.forget()
    log_in(visitor, "bola@alajo.test")
    visitor.go("/organizations/")
    visitor.go(shop)
    page.get_by_label("E-mail address").fill("not an address")
    press(page, "Send the invitation")
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.check()
    page.get_by_label("E-mail address").fill(NGOZI)
    press(page, "Send the invitation")
    expect(page.get_by_role("main")).to_contain_text("An invitation is on its way")
    visitor.check()
    page.get_by_role("link", name="Ada Obi").click()
    heading(page, "Ada Obi")
    visitor.check()
    for name in ("rename", "leave", "close"):
        visitor.go(f"{shop}{name}/")
    press(page, "Close it for good")
    expect(page.get_by_role("alert")).to_contain_text("Others still belong")
    visitor.check()
    visitor.forget()
    log_in(visitor, NGOZI)
    page.goto(f"/organizations/join/{mailed_token()}/")
    heading(page, "Join Kasuwa Stores?")
    visitor.check()
    press(page, "Join")
    heading(page, "Kasuwa Stores")
    visitor.check()
    visitor.meant.add(410)
    visitor.go(f"/organizations/join/{mailed_token()}/")
    visitor.go("/organizations/")
    visitor.forget()
    log_in(visitor, "bola@alajo.test")
    visitor.go("/notices/")
    expect(page.get_by_role("main")).to_contain_text("Ngozi Umeh joined Kasuwa Stores")


def test_the_pages_of_a_merchant(visitor: Visitor, demo: None) -> None:
    desk = "/organizations/kasuwa-stores/payments/"
    with acting_as_service():
        sold = MerchantPayment.objects.select_related("link").filter(link__title="Head tie").latest("pk")
    visitor.go(f"/pay/{sold.link.slug}/")
    visitor.go(f"/pay/done/{sold.token}/")
    log_in(visitor, ADA)
    trust_new_factors()
    visitor.go(f"/pay/{sold.link.slug}/")
    press(visitor.page, "Review")
    heading(visitor.page, "Check and pay")
    visitor.check()
    visitor.forget()
    log_in(visitor, "bola@alajo.test")
    link = f"links/{sold.link_id}/"
    for page in ("", "all/", f"all/{sold.pk}/", "links/", "links/new/", link, f"{link}print/", "report/"):
        visitor.go(f"{desk}{page}")
    with acting_as_service():
        file = BulkPayout.objects.get(organization__isnull=False)
    for page in ("files/", f"files/{file.pk}/", "statements/", "take-out/daily/"):
        visitor.go(f"{desk}{page}")
    for page in ("settings/", "banks/", "banks/add/", "take-out/own/", "take-out/"):
        visitor.go(f"{desk}{page}")
    press(visitor.page, "Everything there is")
    heading(visitor.page, "Check and send")
    visitor.check()
    visitor.go(f"{desk}banks/")
    visitor.page.get_by_role("link", name="Remove").click()
    heading(visitor.page, "Remove this bank account?")
    visitor.check()


def test_the_pages_of_a_lender(visitor: Visitor, demo: None) -> None:
    page = visitor.page
    with acting_as_service():
        own = Provider.objects.select_related("organization").get(display_name="Alajo Credit")
        product = LoanProduct.objects.get(provider=own)
        asked = Application.objects.get(user__email="bola@alajo.test")
        to_sign = Contract.objects.get(application__user__email="jumoke@alajo.test")
    desk = f"/organizations/{own.organization.slug}/lending/"
    log_in(visitor, "lekan@alajo.test")
    visitor.go(f"/organizations/{own.organization.slug}/")
    page.get_by_role("link", name="Lending").click()
    heading(page, "Alajo Credit")
    visitor.check()
    for name in ("settings/", "money/in/", "money/out/", "loans/", "products/", "products/new/", "rules/"):
        visitor.go(f"{desk}{name}")
    for name in ("", "terms/"):
        visitor.go(f"{desk}products/{product.pk}/{name}")
    for name in ("rules/new/", "market/", f"market/{asked.pk}/", f"market/{asked.pk}/offer/", "offers/"):
        visitor.go(f"{desk}{name}")
    for name in ("signing/", f"signing/{to_sign.pk}/"):
        visitor.go(f"{desk}{name}")
    visitor.forget()
    log_in(visitor, "bola@alajo.test")
    visitor.go("/organizations/kasuwa-stores/lending/apply/")


def test_the_pages_about_webhooks(visitor: Visitor, demo: None) -> None:
    page, hooks = visitor.page, "/organizations/kasuwa-stores/webhooks/"
    log_in(visitor, "bola@alajo.test")
    visitor.go(hooks)
    page.get_by_role("link", name="Add an endpoint").click()
    heading(page, "Add an endpoint")
    page.get_by_label("Address").fill("http://10.0.0.1/")
    press(page, "Add the endpoint")
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.check()
    page.get_by_label("Address").fill(f"http://127.0.0.1:{visitor.site.rpartition(':')[2]}/dev/hooks/till/")
    press(page, "Add the endpoint")
    heading(page, "The endpoint’s secret")
    visitor.check()
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing sent yet")
    visitor.check()
    here = page.url
    for answer in ("500", "204"):
        page.goto("/dev/hooks/till/")
        page.get_by_label("It answers").select_option(answer)
        press(page, "So be it")
        page.goto(here)
        press(page, "Send a test event")
        heading(page, "webhook.test")
        page.reload()
        expect(page.get_by_role("main")).to_contain_text(f"HTTP {answer}")
        visitor.check()
    visitor.go("/dev/hooks/till/")
    for address in (here, f"{here}?state=CANCELLED", *(f"{here}{name}/" for name in WEBHOOK_PAGES)):
        visitor.go(address)
    press(page, "Send them again")
    visitor.check()
    for name in ("", "events/", "events/?type=api_key.rolled", "event-types/"):
        visitor.go(f"{hooks}{name}")
        for summary in page.locator("main summary").all()[:3]:
            summary.click()
        visitor.check()
    page.goto(here)
    press(page, "Disable")
    expect(page.get_by_role("main")).to_contain_text("This endpoint is disabled")
    visitor.check()
