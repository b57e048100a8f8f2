"""Every cell of what takes two people, over HTTP: who proposes and who decides on each action, and nobody else."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import approvals
from accounts.models import Approval, User
from config.tests.test_roles import SUPERUSER, WHO, client_of, reached
from core.actors import acting_as_service
from wallet.services.approved import claims
from wallet.tests.demo_world import make_demo_world

pytestmark = pytest.mark.django_db(transaction=True)

LENDER = ("admit", "suspend", "commission")
LOAN = (
    *("reschedule", "re_age", "change_rate", "capitalise", "waive", "pause"),
    *("charge_off", "write_off", "undo_write_off", "take_back", "undo_payout"),
)
# Who proposes and who approves each action, written out once more.
DECIDED_BY_TWO = {
    "wallet.adjustment": ({"Finance"}, {"Finance", "Compliance"}),
    "wallet.reversal": ({"Finance"}, {"Finance", "Compliance"}),
    "wallet.tier_rule": ({"Finance", "Compliance"}, {"Compliance"}),
    "wallet.cooling_off_rule": ({"Finance", "Compliance"}, {"Compliance"}),
    "wallet.reversal_rule": ({"Finance", "Compliance"}, {"Compliance"}),
    "wallet.gateway_credentials": ({"Finance"}, {"Finance"}),
    "wallet.fee_schedule": ({"Finance", "Compliance"}, {"Compliance"}),
    "wallet.payout_outcome": ({"Finance"}, {"Finance"}),
    "wallet.day_close": ({"Finance"}, {"Finance", "Compliance"}),
    "wallet.period_reopen": ({"Finance"}, {"Compliance"}),
    claims.ATTRIBUTE: ({"Finance"}, {"Finance"}),
    claims.REFUND: ({"Finance"}, {"Finance"}),
    claims.ASKED: ({"Finance"}, {"Finance"}),
    "savings.plan_terms": ({"Finance"}, {"Compliance"}),
    "savings.backdated_entry": ({"Finance"}, {"Finance", "Compliance"}),
    **{f"credit.lender_{what}": ({"Credit"}, {"Finance", "Compliance"}) for what in LENDER},
    **{f"credit.{what}": ({"Credit", "Finance"}, {"Finance", "Compliance"}) for what in LOAN},
    "credit.scorecard": ({"Credit"}, {"Compliance"}),
    **{
        f"marketplace.seller_{what}": ({"Finance"}, {"Finance", "Compliance"})
        for what in ("approve", "pause", "commission")
    },
    "accounts.referral_program": ({"Finance"}, {"Finance", "Compliance"}),
}


@pytest.mark.parametrize("who", WHO)
def test_every_cell_of_what_takes_two_people(who):
    make_demo_world()
    assert {kind.code for kind in approvals.all_actions()} == DECIDED_BY_TWO.keys()
    client, wrong = client_of(who), []
    with acting_as_service():
        maker = User.objects.get(email="ada@alajo.test")
        at = timezone.now()
        facts = {"payload": {}, "payload_hash": "0" * 64, "approvals_needed": 2, "reason": "The matrix test"}
        until = {"maker": maker, "made_at": at, "expires_at": at + timedelta(hours=72)}
        rows = {
            code: Approval.objects.create(action=code, target="another test", **facts, **until)
            for code in DECIDED_BY_TWO
        }
    for code, (proposes, approves) in DECIDED_BY_TWO.items():
        form = client.get(reverse("admin:accounts_propose", args=[code])).status_code
        wrong += [(code, "propose", form)] if reached(form) != (who in proposes | {SUPERUSER}) else []
        decide = reverse("admin:accounts_decide_approval", args=[rows[code].pk])
        said = client.post(decide, {"decision": "reject", "word-reason": "The matrix test asks"}).status_code
        wrong += [(code, "decide", said)] if reached(said) != (who in approves | {SUPERUSER}) else []
        assert client.get(decide).status_code == 403
    assert wrong == []
