"""What a person downloads is all that we keep about them: each table has its file, or a reason why it has none."""

import json
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.db import connection
from django.utils import timezone

from accounts import audit
from accounts.models import Customer, Organization, Profile, User
from accounts.services import Recipient, personal_data
from accounts.tests.factories import make_person
from accounts.tests.test_row_security import furnish
from core.actors import acting_as, acting_as_service
from core.ids import uuid7
from credit.tests.furnishing import furnish_credit
from marketplace.tests.furnishing import furnish_marketplace
from savings.tests.furnishing import furnish_savings
from storage_app.tests.factories import make_bucket, put
from wallet.models import Entry, Merchant, MerchantSettlement, Payment, PaymentGateway, RequestBlock
from wallet.refusals import SingleAmountExceeded
from wallet.services import install_gateway, pause_transfer, report_problem
from wallet.services.holds import place_hold
from wallet.services.requests.links import make_pay_link
from wallet.services.requests.splitting import split_bill
from wallet.services.statements import make_statement
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import furnish_money_in
from wallet.tests.payouts import furnish_payouts
from wallet.tests.selling import buy, make_link, make_merchant

pytestmark = pytest.mark.usefixtures("transactional_db")

# The file, or the files, that hold a person's rows of a table.
EXPORTED = {
    "account_emailaddress": "email_addresses",
    "accounts_apikey": "api_keys_made",
    "accounts_appgrant": "connected_apps",
    "accounts_auditevent": "security_events",
    "accounts_authenticatorhistory": "earlier_values",
    "accounts_bankaccountclaim": "kyc_bank_accounts",
    "accounts_customer": "profile",
    "accounts_customerhistory": "earlier_values",
    "accounts_customerstatuschange": "status_changes",
    "accounts_devicemark": "devices",
    "accounts_emailaddresshistory": "earlier_values",
    "accounts_factorreset": "factor_resets",
    "accounts_identitynumber": "identity_numbers",
    "accounts_invitation": "invitations_sent",
    "accounts_kycapplication": "kyc_applications",
    "accounts_kyccheck": "kyc_checks",
    "accounts_kycdocument": "kyc_documents",
    "accounts_kycstatechange": "kyc_states",
    "accounts_membership": "organisations",
    "accounts_membershiphistory": "earlier_values",
    "accounts_notification": "notices",
    "accounts_notificationdelivery": "notices_sent",
    "accounts_notificationpreference": "notice_preferences",
    "accounts_notificationsettings": "notice_settings",
    "accounts_organization": "organisations",
    "accounts_profile": "profile",
    "accounts_profilehistory": "earlier_values",
    "accounts_referral": "referrals",
    "accounts_referralbonus": "referral_bonuses",
    "accounts_referralcode": "referral_code",
    "accounts_session": "sessions",
    "accounts_user": "profile",
    "accounts_userhistory": "earlier_values",
    "mfa_authenticator": "second_factors",
    "socialaccount_socialaccount": "linked_accounts",
    "storage_app_object": "files",
    "credit_adverseaction": "loan_refusals",
    "credit_application": "loan_applications",
    "credit_bid": "loan_offers",
    "credit_bucketchange": "loan_late_days",
    "credit_bureaureport": "bureau_reports",
    "credit_collection": "loan_collections",
    "credit_consent": "loan_consents",
    "credit_contract": "loan_contracts",
    "credit_creditscore": "credit_scores",
    "credit_delinquencypause": "loan_pauses",
    "credit_fileview": "loan_file_views",
    "credit_hardshiprequest": "loan_help_asked",
    "credit_instalment": "loan_instalments",
    "credit_loan": "loans",
    "credit_loanday": "loan_days",
    "credit_loanstanding": "loan_standings",
    "credit_loantransaction": "loan_transactions",
    "credit_payoffquote": "loan_quotes",
    "credit_payout": "loan_payouts",
    "credit_position": "loan_positions",
    "credit_question": "loan_questions",
    "credit_reminder": "loan_reminders",
    "credit_reportedloan": "loan_reports_to_bureaux",
    "credit_scheduleversion": "loan_schedules",
    "credit_share": "loan_shares",
    "credit_signature": "loan_signatures",
    "credit_statuschange": "loan_states",
    "marketplace_address": "addresses",
    "marketplace_cart": "carts",
    "marketplace_cartitem": "cart_items",
    "marketplace_checkout": "checkouts",
    "marketplace_dispute": "order_disputes",
    "marketplace_order": "orders",
    "marketplace_orderchange": "order_states",
    "marketplace_orderitem": "order_items",
    "marketplace_promotionuse": "promotions_used",
    "marketplace_refundrequest": "order_refunds",
    "marketplace_review": "reviews",
    "marketplace_reviewreport": "review_reports",
    "marketplace_shipment": "shipments",
    "marketplace_wish": "wishes",
    "savings_accrual": "savings_interest",
    "savings_autorun": "automatic_savings_days",
    "savings_autosaving": "automatic_savings",
    "savings_closingquote": "savings_quotes",
    "savings_interestchoice": "interest_choices",
    "savings_move": "savings_movements",
    "savings_replacedaccrual": "savings_interest_before",
    "savings_replay": "savings_replays",
    "savings_savingsgroup": "savings_groups",
    "savings_statechange": "savings_states",
    "savings_usersavings": "savings",
    "wallet_account": "accounts",
    "wallet_bankaccount": "bank_accounts",
    "wallet_bulkpayout": "payout_files",
    "wallet_bulkpayoutrow": "payout_file_lines",
    "wallet_case": "reports",
    "wallet_document": "documents",
    "wallet_hold": "holds",
    "wallet_merchantpayment": "merchant_payments",
    "wallet_merchantsettlement": "merchant_settlements",
    "wallet_pausedtransfer": "paused_transfers",
    "wallet_paylink": "pay_links",
    "wallet_paymentrequest": "payment_requests",
    "wallet_paymentrequestchange": "payment_request_changes",
    "wallet_requestblock": "request_blocks",
    "wallet_splitbill": "split_bills",
    "wallet_payment": "payments",
    "wallet_recalledentry": "transactions",
    "wallet_statement": "statements",
    "wallet_payout": "withdrawals",
    "wallet_scheduledrun": "scheduled_runs",
    "wallet_scheduledtransfer": "scheduled_transfers",
    "wallet_savedcard": "saved_cards",
    "wallet_dedicatedaccount": "account_numbers",
    "wallet_refund": "refunds",
    "wallet_dispute": "disputes",
    "wallet_transaction": "transactions",
}
MINUTES = "lives for minutes or a day, holds a secret, and tells nothing that the events do not"
OF_A_SESSION = "part of a session, which is in the file: the rest is secrets"
NOBODYS = "no row of it is about a person"
SHOWN = "says the same as another file"
AT_WORK = "what staff thought on the way to a decision; what a customer was told of it is among the states"
OF_STAFF = "which rights a member of staff has, or had, at work"
RECONCILED = (
    "how the operator checks its books against its gateways; what it is about is among the transactions"
)
OF_STAFF_AT_WORK = "the operator's books; who closed or took in did so at work"
EXEMPT = {
    "account_emailconfirmation": MINUTES,
    "accounts_apikeyhistory": "an organisation's key, as it was; the keys a person made are in a file",
    "accounts_approval": AT_WORK,
    "accounts_approvalband": NOBODYS,
    "accounts_browsersession": OF_A_SESSION,
    "accounts_factorchallenge": MINUTES,
    "accounts_failedtask": "work that broke, sealed, until staff dealt with it",
    "accounts_kyccheckjob": "which questions wait to be asked about an application",
    "accounts_sanctionsentry": NOBODYS,
    "accounts_sanctionslist": NOBODYS,
    "accounts_screeninghit": "whoever stands on a sanctions list must not learn that we found them there",
    "accounts_flowstate": MINUTES,
    "accounts_kycdecision": AT_WORK,
    "accounts_kycnote": AT_WORK,
    "accounts_onetimecode": MINUTES,
    "accounts_organizationhistory": "an organisation, as it was",
    "accounts_pendingfactor": MINUTES,
    "accounts_referraldue": SHOWN,
    "accounts_referralhistory": SHOWN,
    "accounts_referralprogram": "the operator's; who made it did so at work",
    "accounts_refreshtoken": OF_A_SESSION,
    "accounts_signingkey": NOBODYS,
    "accounts_spentapptoken": MINUTES,
    "accounts_user_groups": OF_STAFF,
    "accounts_user_user_permissions": OF_STAFF,
    "accounts_webhookattempt": "what an organisation's server answered",
    "accounts_webhookdelivery": "what was sent to an organisation's server",
    "accounts_webhookendpoint": "an organisation's server",
    "accounts_webhookhistory": "an organisation's server, as it was",
    "allauth_idp_oidc_client": "an app that we registered: none belongs to a person",
    "allauth_idp_oidc_token": "the secret of a connected app, which is in a file",
    "auth_group": NOBODYS,
    "auth_group_permissions": NOBODYS,
    "auth_permission": NOBODYS,
    "core_archive": NOBODYS,
    "core_idempotencykey": MINUTES,
    "django_admin_log": OF_STAFF,
    "django_content_type": NOBODYS,
    "django_migrations": NOBODYS,
    "pghistory_context": NOBODYS,
    "realtime_consumer": NOBODYS,
    "realtime_declared": NOBODYS,
    "realtime_horizon": NOBODYS,
    "realtime_message": "what services tell of rows that are in files of their own, kept for some weeks",
    "realtime_parkedmessage": NOBODYS,
    "realtime_position": NOBODYS,
    "realtime_socketprocess": NOBODYS,
    "realtime_subscription": "what an app listens to at this moment; it is gone when the app is",
    "sandbox_fault": "there only in development",
    "sandbox_sandboxaccount": "there only in development",
    "sandbox_sandboxbook": "there only in development",
    "sandbox_sandboxcard": "there only in development",
    "sandbox_sandboxcharge": "there only in development",
    "sandbox_sandboxcustomer": "there only in development",
    "sandbox_sandboxdelivery": "there only in development",
    "sandbox_sandboxdispute": "there only in development",
    "sandbox_sandboxledgerrow": "there only in development",
    "sandbox_sandboxrecipient": "there only in development",
    "sandbox_sandboxsettlement": "there only in development",
    "sandbox_sandboxrefund": "there only in development",
    "sandbox_sandboxtransfer": "there only in development",
    "sandbox_sandboxxpresspayment": "there only in development",
    "sandbox_sandboxxpressrow": "there only in development",
    "sandbox_sandboxxpresswallet": "there only in development",
    "sandbox_switches": "there only in development",
    "socialaccount_socialapp": NOBODYS,
    "socialaccount_socialtoken": "a secret of a linked account, which is in a file; none is stored",
    "storage_app_bucket": "made by the operator for everyone",
    "storage_app_buckethistory": "made by the operator for everyone",
    "storage_app_bucketrule": NOBODYS,
    "storage_app_bucketrulehistory": NOBODYS,
    "storage_app_doomedblob": NOBODYS,
    "storage_app_objectversion": SHOWN,
    "storage_app_removaljob": "the work of a service on a bucket",
    "storage_app_rendition": SHOWN,
    "storage_app_upload": MINUTES,
    "storage_app_uploadpart": MINUTES,
    "storage_app_usage": SHOWN,
    "wallet_archivedhold": SHOWN,
    "wallet_archivedhot": NOBODYS,
    "wallet_archivedsum": NOBODYS,
    "wallet_archivedmonth": NOBODYS,
    "wallet_archivedrun": SHOWN,
    "wallet_archivedseal": NOBODYS,
    "wallet_bank": NOBODYS,
    "wallet_banksettlement": NOBODYS,
    "credit_autorule": NOBODYS,
    "credit_bureaufile": "what the bureaux are told of many, sealed; one's own lines are in a file",
    "credit_bureaureturn": NOBODYS,
    "credit_filedelivery": NOBODYS,
    "credit_case": "what waits for an officer; what was decided is among the states",
    "credit_commission": NOBODYS,
    "credit_disbursement": "that a contract is to be paid out; the contract and the loan are in files",
    "credit_loanmodification": "what a change of a loan came to for its lenders; the new schedule is in a file",
    "credit_loanproduct": NOBODYS,
    "credit_loanroll": NOBODYS,
    "credit_loanrollchunk": NOBODYS,
    "credit_lossrates": NOBODYS,
    "credit_productterms": NOBODYS,
    "credit_provider": "an organisation that lends",
    "credit_providermove": "what an organisation put in to lend; the money is among the transactions",
    "credit_scorecardversion": NOBODYS,
    "marketplace_category": NOBODYS,
    "marketplace_deliveryoption": NOBODYS,
    "marketplace_ordermove": "between a seller and us; what a buyer paid and got back is among the transactions",
    "marketplace_picture": NOBODYS,
    "marketplace_price": NOBODYS,
    "marketplace_product": NOBODYS,
    "marketplace_productimport": "what an organisation took in by file",
    "marketplace_promotion": NOBODYS,
    "marketplace_reservation": SHOWN,
    "marketplace_seller": "an organisation that sells",
    "marketplace_sellercommission": "an organisation that sells",
    "marketplace_taxclass": NOBODYS,
    "marketplace_taxrate": NOBODYS,
    "marketplace_variant": NOBODYS,
    "savings_savingsplan": NOBODYS,
    "savings_planterms": NOBODYS,
    "savings_planrate": NOBODYS,
    "savings_roll": NOBODYS,
    "savings_rollchunk": NOBODYS,
    "savings_position": SHOWN,
    "savings_planday": NOBODYS,
    "savings_termstold": NOBODYS,
    "wallet_adjustment": NOBODYS,
    "wallet_break": RECONCILED,
    "wallet_breakchange": RECONCILED,
    "wallet_checkpoint": SHOWN,
    "wallet_closedperiod": OF_STAFF_AT_WORK,
    "wallet_columnmapping": OF_STAFF_AT_WORK,
    "wallet_gatewayrow": RECONCILED,
    "wallet_match": RECONCILED,
    "wallet_matchingrule": NOBODYS,
    "wallet_reconciledday": OF_STAFF_AT_WORK,
    "wallet_rowimport": OF_STAFF_AT_WORK,
    "wallet_suspenseitem": SHOWN,
    "wallet_currency": NOBODYS,
    "wallet_follower": NOBODYS,
    "wallet_merchant": "an organisation that is paid",
    "wallet_settlementrun": "a day of an organisation that is paid; the money is among its payouts",
    "wallet_merchantrefund": "what an organisation gave back; the money is among the transactions",
    "wallet_paymentlink": "what an organisation asks for",
    "wallet_limitraise": "that a tier rose, which is among the earlier values; kept until it is dealt with",
    "wallet_paymentgateway": NOBODYS,
    "wallet_paymentgatewayhistory": NOBODYS,
    "wallet_recall": "which months of one's own were fetched from the archive of late",
    "wallet_reversal": SHOWN,
    "wallet_reversalrule": NOBODYS,
    "wallet_partreversal": SHOWN,
    "wallet_seal": NOBODYS,
    "wallet_suspendeddeposit": "money that nobody is known for; once it is somebody's, it is among their payments",
    "wallet_coolingoffrule": NOBODYS,
    "wallet_feeschedule": NOBODYS,
    "wallet_feerule": NOBODYS,
    "wallet_tierrule": NOBODYS,
    "wallet_tierrulehistory": NOBODYS,
    "wallet_webhookevent": "what a gateway said of a payment, which is in a file",
}
# Columns of a person's own rows that are not in the profile.
NOT_SHOWN = {
    *("password", "is_superuser", "is_active", "updated_at", "recovered_at", "invited_at", "deleted_at"),
    *("confirmation_sent_at", "recovery_sent_at", "reauthentication_sent_at", "email_change_sent_at"),
    # The picture that `avatar` names is among the files.
    *("user", "avatar"),
}


def read(user: User) -> dict[str, list[dict]]:
    with ZipFile(personal_data.write_export(user=user)) as archive:
        return {name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist()}


@pytest.fixture
def ada() -> User:
    """Somebody with a row in every table about people, and money that moved, waits and is on its way."""
    user, at = make_person(name="Ada Obi", email="ada@alajo.test"), timezone.now()
    furnish(user)
    account = make_wallet(user, amount=10_000)
    install_gateway(
        code="paystack",
        kind="PAYSTACK",
        name="Paystack",
        currencies=["NGN"],
        credentials={"secret_key": "sk"},
    )
    with acting_as_service():
        place_hold(hold_id=uuid7(), account_id=account.pk, amount=500, expires_at=None, reason="order")
        report_problem(user=user, entry=Entry.objects.of(account)[0], text="That was not me", at=at)
        put(f"{user.pk}/letter.txt", by=user, bucket=make_bucket("own-data").pk)
        firm = Organization.objects.create(name="Bola Cars", slug="bola-cars")
        bola = make_person(name="Bola Ade", email="bola@alajo.test")
        offer = {"email": user.email, "digest": "to-ada", "invited_by": bola, "role": "MEMBER"}
        firm.invitations.create(expires_at=at + timedelta(days=1), **offer)
        audit.record(action="accounts.user.frozen", target=user, actor_id=bola.pk, reason="a doubt of staff")
        Customer.objects.filter(pk=user.pk).update(phone="+2348031234567")
        why = {"cause": "STAFF", "reason_code": "REVIEW", "text": "a doubt of staff"}
        customer = Customer.objects.get(pk=user.pk)
        customer.status_changes.create(from_status="ACTIVE", to_status="NO_DEBIT", by=bola, at=at, **why)
        if not Payment.objects.filter(account=account).exists():
            Payment.objects.create(
                account=account,
                gateway=PaymentGateway.objects.first(),
                reference="r-1",
                amount=100,
                currency_id="NGN",
                expires_at=at,
            )
        furnish_payouts(user, account)
        furnish_money_in(user, account)
        furnish_savings(user, bola)
        furnish_credit(user)
        furnish_marketplace(user, make_person(name="Ngozi Eke"))
        buy(user, account, make_link(make_merchant(shopkeeper(), name="Kasuwa"), amount=5_000))
        shop = Merchant.objects.get()
        taken = {"organization": shop.organization, "merchant": shop, "amount": 1, "made_by": user}
        MerchantSettlement.objects.create(posting_id=uuid7(), created_at=at, **taken)
        split_bill(owner=user, title="Suya", total=9_000, people=[bola.email], at=at)
        make_pay_link(owner=user, amount=None, at=at)
        RequestBlock.objects.create(owner=user, blocked=bola, created_at=at)
        whom = Recipient(user_id=bola.pk, handle="bola_ade", display_name="Bola Ade")
    make_statement(
        account=account, since=timezone.localdate(at), until=timezone.localdate(at), at=timezone.now()
    )
    with acting_as(user):
        pause_transfer(
            source=account,
            recipient=whom,
            typed="@bola_ade",
            amount=9,
            note="",
            refusal=SingleAmountExceeded(),
            at=at,
        )
    return user


def shopkeeper() -> User:
    return make_person(name="Kemi Balogun", email="kemi@alajo.test")


def test_every_table_has_a_file_or_a_reason_to_have_none(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace "
            "and relkind in ('r', 'p') and not relispartition"
        )
        found = {name for (name,) in cursor.fetchall()}
    assert not EXPORTED.keys() & EXEMPT.keys()
    assert found == EXPORTED.keys() | EXEMPT.keys()


def test_no_table_that_points_at_a_person_is_called_nobodys(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct conrelid::regclass::text from pg_constraint "
            "where contype = 'f' and confrelid = 'accounts_user'::regclass"
        )
        theirs = {name for (name,) in cursor.fetchall()}
    assert not [name for name in theirs if EXEMPT.get(name) == NOBODYS]


def test_each_file_there_should_be_is_there_and_has_rows(ada):
    files = read(ada)
    assert {*EXPORTED.values()} | {"done_to_your_account", "invitations_received"} == files.keys()
    assert [name for name, rows in files.items() if not rows] == []


def test_the_profile_tells_every_column_but_those_named(ada):
    (profile,) = read(ada)["profile"]
    columns = {
        field.name for model in (User, Customer, Profile) for field in model._meta.concrete_fields
    } - NOT_SHOWN
    told = {**profile, "created_at": profile["joined_at"]}
    assert columns - told.keys() == set()


def test_what_was_before_is_told_with_what_it_was(ada):
    earlier = read(ada)["earlier_values"]
    phones = [row["phone"] for row in earlier if row["of"] == "customer"]
    assert phones == ["", "+2348031234567"]


def test_nothing_of_others_and_no_secret_is_in_it(ada):
    with acting_as_service():
        bola = User.objects.get(email="bola@alajo.test")
        ada.refresh_from_db()
    files = read(ada)
    text = json.dumps(files)
    # Who joined her group she was told by name, and nothing else says it.
    assert "Bola Ade" not in json.dumps({name: rows for name, rows in files.items() if name != "notices"})
    for hidden in (
        "bola@",
        str(bola.pk),
        "a doubt of staff",
        "what colleagues think",
        "sealed",
        "digest",
        "private_key",
        ada.password,
    ):
        assert hidden not in text


def test_another_persons_file_holds_none_of_it(ada):
    chidi = make_person(name="Chidi Eze")
    text = json.dumps(read(chidi))
    for hers in ("ada@alajo.test", str(ada.pk), "+2348031234567", "Bola Cars"):
        assert hers not in text
