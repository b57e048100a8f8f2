"""Every page of staff and developers in a browser: nothing keeps anyone out, nothing complains."""

from django.utils import timezone
from playwright.sync_api import expect

from config.tests.browsing import PHONE, Visitor
from config.tests.visiting import ADA, VISITS, heading, log_in, person, press
from core.actors import acting_as_service
from credit.models import ScorecardVersion
from realtime.models import SocketProcess, Subscription
from wallet.management.commands.seed_demo import ADMIN

STAFF_LISTS = [
    "accounts/user",
    "accounts/customer",
    "accounts/auditevent",
    "accounts/factorreset",
    "accounts/kycapplication",
    "accounts/sanctionslist",
    "accounts/screeninghit",
    "accounts/notificationdelivery",
    "accounts/organization",
    "accounts/membership",
    "accounts/webhookendpoint",
    "accounts/webhookdelivery",
    "accounts/approval",
    "accounts/approvalband",
    "accounts/failedtask",
    "accounts/referralprogram",
    "accounts/referral",
    "accounts/referralbonus",
    "wallet/account",
    "wallet/transaction",
    "wallet/entry",
    "wallet/hold",
    *("wallet/seal", "core/archive"),
    "wallet/payment",
    "wallet/payout",
    "wallet/paymentgateway",
    "wallet/webhookevent",
    "wallet/case",
    "wallet/merchant",
    "wallet/paymentlink",
    "wallet/merchantpayment",
    *("wallet/scheduledtransfer", "wallet/scheduledrun", "wallet/settlementrun"),
    *("wallet/bulkpayout", "wallet/bulkpayoutrow"),
    "wallet/suspendeddeposit",
    "wallet/refund",
    "wallet/dispute",
    "wallet/dedicatedaccount",
    "wallet/savedcard",
    *("wallet/reconciledday", "wallet/break", "wallet/gatewayrow", "wallet/match", "wallet/rowimport"),
    *("wallet/matchingrule", "wallet/suspenseitem", "wallet/closedperiod", "wallet/banksettlement"),
    "wallet/tierrule",
    "wallet/coolingoffrule",
    "wallet/feeschedule",
    "wallet/reversalrule",
    *("savings/savingsplan", "savings/planterms", "savings/usersavings", "savings/savingsgroup"),
    *("savings/autosaving", "savings/autorun", "savings/roll"),
    *("credit/provider", "credit/loanproduct", "credit/application", "credit/case", "credit/contract"),
    *("credit/disbursement", "credit/loan", "credit/position", "credit/loanroll", "credit/hardshiprequest"),
    *("credit/scorecardversion", "credit/creditscore", "credit/adverseaction", "credit/bureaureport"),
    "credit/bureaureturn",
    *("marketplace/seller", "marketplace/category", "marketplace/product", "marketplace/order"),
    "storage_app/bucket",
    "realtime/subscription",
    "realtime/parkedmessage",
]
pytestmark = VISITS


def test_staff_get_in_with_a_code_and_find_their_pages_in_order(visitor: Visitor, demo: None) -> None:
    page = visitor.page
    log_in(visitor, ADMIN)
    visitor.check()
    visitor.go("/staff/")
    # All are made of the same two templates: each look takes half of them.
    for name in STAFF_LISTS[visitor.look.viewport == PHONE :: 2]:
        visitor.go(f"/staff/{name}/")
        first = page.locator(".staff-table tbody th a")
        if first.count():
            first.first.click()
            page.wait_for_url("**/change/")
            visitor.check()
    visitor.go("/staff/credit/loan/portfolio/")
    with acting_as_service():
        card = ScorecardVersion.objects.order_by("-from_date").values_list("pk", flat=True)[0]
    visitor.go(f"/staff/credit/scorecardversion/{card}/monitoring/")
    visitor.go(f"/staff/accounts/user/{person(ADA).pk}/change/")
    page.get_by_role("link", name="Freeze").click()
    page.get_by_label("Reason").select_option("REVIEW")
    page.get_by_label("For colleagues").fill("Seen in a browser")
    visitor.check()
    press(page, "See what the customer will read")
    expect(page.get_by_role("main")).to_contain_text("Your account is frozen")
    visitor.check()
    press(page, "Freeze")
    expect(page.get_by_role("main")).to_contain_text("The customer is frozen.")
    visitor.check()
    with acting_as_service():
        process = SocketProcess.objects.create(seen_at=timezone.now())
        facts = {"user_id": person(ADA).pk, "topic": f"user:{person(ADA).pk}", "private": True}
        listener = Subscription.objects.create(
            process=process, socket_id=process.pk, role="authenticated", joined_at=timezone.now(), **facts
        )
    visitor.go("/staff/realtime/subscription/")
    visitor.go(f"/staff/realtime/subscription/{listener.pk}/change/")
    page.get_by_role("main").get_by_role("link", name="End", exact=True).click()
    heading(page, f"End a subscription to {listener.topic}")
    page.get_by_label("Reason").fill("Seen in a browser")
    visitor.check()
    press(page, "End")
    expect(page.get_by_role("main")).to_contain_text("The subscription is being ended.")
    visitor.go("/staff/storage_app/bucket/documents/rules/")
    page.get_by_label("Everyone signed in: Read and list").check()
    page.get_by_label("Reason").fill("Seen in a browser")
    press(page, "Let these rules hold")
    expect(page.get_by_role("main")).to_contain_text("These are the rules from now on.")
    visitor.check()
    visitor.go("/accounts/2fa/")
    page.get_by_role("link", name="Make recovery codes").click()
    heading(page, "Make new recovery codes?")
    visitor.check()
    press(page, "Make them")
    heading(page, "Recovery codes")
    visitor.check()
    visitor.go("/accounts/2fa/recovery-codes/generate/")
    visitor.go("/accounts/2fa/totp/deactivate/")
    visitor.go("/accounts/2fa/")


def test_the_pages_for_developers(visitor: Visitor, site: str) -> None:
    page = visitor.page
    page.goto("/api/docs/")
    expect(page.locator("#operations-tag-transfers, .opblock").first).to_be_visible()
    visitor.check(beyond_us="nested-interactive")
    page.locator("#operations-tag-transfers").click()
    page.locator("#operations-transfers-create_transfer .opblock-summary").click()
    answers = page.locator("#operations-transfers-create_transfer .responses-table").last
    for shared in ("The request is not valid.", "quote it when asking for help"):
        expect(answers).to_contain_text(shared)
    visitor.go("/api/errors/")
    visitor.go("/api/errors/insufficient_funds")
    page.goto("/accounts/password/reset/")
    page.get_by_label("E-mail").fill(ADA)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/reset/*/")
    visitor.go("/dev/mail/")
    page.locator(".rows").get_by_role("link").first.click()
    page.wait_for_url("**/dev/mail/*/")
    visitor.check()
