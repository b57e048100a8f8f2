"""What staff may see and do, by group: the matrix as data. A migrated database has exactly these groups.

A role sees whole models, and may do what its permissions name; nothing is added, changed or deleted by hand, whoever
asks. The superuser is for the day the glass is broken.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from core.actors import acting_as_service

PEOPLE = (
    "accounts.user",
    "accounts.customer",
    "accounts.profile",
    "accounts.organization",
    "accounts.membership",
)
BOOKS = ("wallet.account", "wallet.transaction", "wallet.entry", "wallet.hold")
MERCHANTS = ("wallet.merchant", "wallet.paymentlink", "wallet.merchantpayment")
# What goes out by plan or by file.
PLANNED = (
    *("wallet.scheduledtransfer", "wallet.scheduledrun", "wallet.settlementrun"),
    *("wallet.bulkpayout", "wallet.bulkpayoutrow"),
)
# What comes in, to customers and to merchants, and what goes out to banks.
DEPOSITS = (
    *(*MERCHANTS, *PLANNED, "wallet.payment", "wallet.payout", "wallet.webhookevent", "wallet.case"),
    *("wallet.suspendeddeposit", "wallet.refund", "wallet.dispute"),
    *("wallet.dedicatedaccount", "wallet.savedcard"),
)
LIMITS = ("wallet.tierrule", "wallet.coolingoffrule", "wallet.reversalrule", "wallet.feeschedule")
PROOF = ("wallet.checkpoint", "wallet.seal", "core.archive")
GATEWAYS = ("wallet.paymentgateway",)
# Whether what gateways say of our money is what the books say, and what was closed on that ground.
RECONCILIATION = (
    *("wallet.reconciledday", "wallet.break", "wallet.gatewayrow", "wallet.match", "wallet.rowimport"),
    *("wallet.matchingrule", "wallet.suspenseitem", "wallet.closedperiod", "wallet.banksettlement"),
)
# What people save, under which terms, and whether the days of it are closed.
PLANS = ("savings.savingsplan", "savings.planterms")
SAVINGS = ("savings.usersavings", "savings.savingsgroup", "savings.autosaving", "savings.autorun")
ROLLS = ("savings.roll",)
# Who lends, and what is asked for, agreed, and owed.
LENDERS = ("credit.provider", "credit.loanproduct")
LOANS = (
    *("credit.application", "credit.contract", "credit.disbursement", "credit.loan"),
    *("credit.position", "credit.hardshiprequest"),
)
LOAN_ROLLS = ("credit.loanroll",)
# What is known of an applicant, and what was decided on it.
DECISIONS = (
    *("credit.case", "credit.creditscore", "credit.adverseaction", "credit.bureaureport"),
    *("credit.scorecardversion", "credit.bureaureturn"),
)
# Who sells, what is on sale, and what was ordered.
SHOP = ("marketplace.seller", "marketplace.category", "marketplace.product", "marketplace.order")
TRAIL = ("accounts.auditevent",)
RESETS = ("accounts.factorreset",)
SENT = ("accounts.notificationdelivery",)
FILES = ("storage_app.bucket",)
LISTENERS = ("realtime.subscription",)
PARKED = ("realtime.parkedmessage",)
HOOKS = ("accounts.webhookendpoint", "accounts.webhookdelivery")
SCREENING = ("accounts.screeninghit", "accounts.sanctionslist")
# Where an application stands. What it says, and what was sent with it, takes READ_CASES.
APPLICATIONS = ("accounts.kycapplication",)
REFERRALS = ("accounts.referralprogram", "accounts.referral", "accounts.referralbonus")
BONUSES = ("accounts.referralprogram", "accounts.referralbonus")
APPROVALS = ("accounts.approval", "accounts.approvalband")
BROKEN = ("accounts.failedtask",)

REVEAL = "accounts.reveal_personal"
FREEZE = "accounts.freeze_customer"
END_SESSIONS = "accounts.end_sessions"
RESET_FACTORS = "accounts.reset_factors"
SEND_AGAIN = "accounts.send_notice_again"
REPLAY = "wallet.replay_webhook"
RESEND_WEBHOOK = "accounts.resend_webhook"
CHANGE_RULES = "storage_app.change_bucket_rules"
END_SUBSCRIPTION = "realtime.end_subscription"
DECIDE_SCREENING = "accounts.decide_screening"
TAKE_PARKED = "realtime.take_parked_message"
REVIEW_KYC = "accounts.review_kyc"
APPROVE_KYC = "accounts.approve_kyc"
READ_CASES = "accounts.view_kycdocument"
DOWNLOAD_DOCUMENT = "accounts.download_kycdocument"
RUN_PROGRAMS = "accounts.run_referral_programs"
REFUSE_REFERRAL = "accounts.refuse_referral"
EXPORT_REFERRALS = "accounts.export_referrals"
DECIDE_MERCHANT = "wallet.decide_merchant"
APPROVE_PROGRAM = "accounts.approve_referral_program"
RUN_TASK_AGAIN = "accounts.run_task_again"
PROPOSE_ADJUSTMENT = "wallet.propose_adjustment"
APPROVE_ADJUSTMENT = "wallet.approve_adjustment"
REVERSE = "wallet.reverse_posting"
APPROVE_REVERSAL = "wallet.approve_reversal"
PROPOSE_LIMITS = "wallet.propose_limits"
APPROVE_LIMITS = "wallet.approve_limits"
PROPOSE_CREDENTIALS = "wallet.propose_credentials"
APPROVE_CREDENTIALS = "wallet.approve_credentials"
RECONCILE = "wallet.reconcile"
IMPORT_ROWS = "wallet.import_rows"
PROPOSE_DAY = "wallet.propose_day"
APPROVE_DAY = "wallet.approve_day"
CLOSE_PERIOD = "wallet.close_period"
PROPOSE_REOPENING = "wallet.propose_reopening"
APPROVE_REOPENING = "wallet.approve_reopening"
CHECK_PAYOUT = "wallet.check_payout"
PROPOSE_PAYOUT_OUTCOME = "wallet.propose_payout_outcome"
APPROVE_PAYOUT_OUTCOME = "wallet.approve_payout_outcome"
RESOLVE_SUSPENDED = "wallet.resolve_suspended"
APPROVE_SUSPENDED = "wallet.approve_suspended"
PROPOSE_REFUND = "wallet.propose_refund"
APPROVE_REFUND = "wallet.approve_refund"
SETTLE_REFUND = "wallet.settle_refund"
ANSWER_DISPUTE = "wallet.answer_dispute"
PROPOSE_PLAN = "savings.propose_plan_terms"
APPROVE_PLAN = "savings.approve_plan_terms"
OPEN_PLAN = "savings.open_plan"
FREEZE_SAVING = "savings.freeze_saving"
RETRY_PARKED = "savings.retry_parked"
PROPOSE_BACKDATED = "savings.propose_backdated"
APPROVE_BACKDATED = "savings.approve_backdated"
WORK_CREDIT = "credit.work_credit"
OVERRIDE_SCORE = "credit.override_score"
PROPOSE_SCORECARD = "credit.propose_scorecard"
APPROVE_SCORECARD = "credit.approve_scorecard"
PROPOSE_LENDER = "credit.propose_provider"
APPROVE_LENDER = "credit.approve_provider"
PROPOSE_LOAN = "credit.propose_loan_change"
APPROVE_LOAN = "credit.approve_loan_change"
RETRY_PARKED_LOAN = "credit.retry_parked_loan"
PROPOSE_SELLER = "marketplace.propose_seller"
APPROVE_SELLER = "marketplace.approve_seller"


@dataclass(frozen=True)
class Role:
    """Models (`app.model`) that a group looks at, and permissions (`app.codename`) for what it does."""

    sees: tuple[str, ...]
    may: tuple[str, ...] = ()


SUPPORT, KYC, CREDIT = "Support", "KYC", "Credit"
FINANCE, COMPLIANCE, AUDITOR = "Finance", "Compliance", "Auditor"
ROLES = {
    SUPPORT: Role(
        (
            *(*PEOPLE, *BOOKS, *LIMITS, *DEPOSITS, *RESETS, *FILES, *SENT, *LISTENERS, *HOOKS),
            *(*PARKED, *APPLICATIONS, *REFERRALS, *PLANS, *SAVINGS, *LENDERS, *LOANS, *SHOP),
        ),
        (
            ANSWER_DISPUTE,
            FREEZE_SAVING,
            REVEAL,
            FREEZE,
            END_SESSIONS,
            RESET_FACTORS,
            SEND_AGAIN,
            END_SUBSCRIPTION,
            RESEND_WEBHOOK,
            TAKE_PARKED,
        ),
    ),
    KYC: Role((*PEOPLE, *LIMITS, *APPLICATIONS, *SCREENING), (REVEAL, READ_CASES, REVIEW_KYC)),
    CREDIT: Role(
        ("accounts.customer", "accounts.profile", *BOOKS, *LENDERS, *LOANS, *DECISIONS, *APPROVALS),
        (WORK_CREDIT, PROPOSE_SCORECARD, PROPOSE_LENDER, PROPOSE_LOAN),
    ),
    FINANCE: Role(
        (
            *(*BOOKS, *LIMITS, *DEPOSITS, *PROOF, *GATEWAYS, *BONUSES, *APPROVALS, *BROKEN, *RECONCILIATION),
            *(*PLANS, *SAVINGS, *ROLLS, *LENDERS, *LOANS, *LOAN_ROLLS, *SHOP),
        ),
        (
            *(APPROVE_LENDER, PROPOSE_LOAN, APPROVE_LOAN, RETRY_PARKED_LOAN, PROPOSE_SELLER, APPROVE_SELLER),
            *(PROPOSE_PLAN, OPEN_PLAN, RETRY_PARKED, PROPOSE_BACKDATED, APPROVE_BACKDATED),
            *(PROPOSE_REFUND, APPROVE_REFUND, SETTLE_REFUND, RESOLVE_SUSPENDED, APPROVE_SUSPENDED),
            ANSWER_DISPUTE,
            *(RECONCILE, IMPORT_ROWS, PROPOSE_DAY, APPROVE_DAY, CLOSE_PERIOD, PROPOSE_REOPENING),
            *(REPLAY, RUN_PROGRAMS, APPROVE_PROGRAM, RUN_TASK_AGAIN, PROPOSE_ADJUSTMENT, APPROVE_ADJUSTMENT),
            *(REVERSE, APPROVE_REVERSAL, PROPOSE_LIMITS, PROPOSE_CREDENTIALS, APPROVE_CREDENTIALS),
            *(CHECK_PAYOUT, PROPOSE_PAYOUT_OUTCOME, APPROVE_PAYOUT_OUTCOME),
        ),
    ),
    COMPLIANCE: Role(
        (
            *(*PEOPLE, *BOOKS, *LIMITS, *DEPOSITS, *RESETS, *TRAIL, *FILES, *SENT, *LISTENERS, *HOOKS),
            *(*PARKED, *APPLICATIONS, *SCREENING, *REFERRALS, *APPROVALS, *RECONCILIATION),
            *(*PLANS, *SAVINGS, *LENDERS, *LOANS, *DECISIONS, *SHOP),
        ),
        (
            *(OVERRIDE_SCORE, APPROVE_SCORECARD, APPROVE_LENDER, APPROVE_LOAN, APPROVE_SELLER),
            *(APPROVE_PLAN, OPEN_PLAN, FREEZE_SAVING, APPROVE_BACKDATED),
            *(APPROVE_DAY, APPROVE_REOPENING),
            *(REVEAL, FREEZE, END_SESSIONS, RESET_FACTORS, CHANGE_RULES, END_SUBSCRIPTION),
            *(APPROVE_ADJUSTMENT, APPROVE_REVERSAL, PROPOSE_LIMITS, APPROVE_LIMITS, APPROVE_PROGRAM),
            *(READ_CASES, APPROVE_KYC, DOWNLOAD_DOCUMENT, DECIDE_SCREENING),
            *(REFUSE_REFERRAL, EXPORT_REFERRALS, DECIDE_MERCHANT),
        ),
    ),
    AUDITOR: Role(
        (
            *(
                *PEOPLE,
                *BOOKS,
                *LIMITS,
                *DEPOSITS,
                *PROOF,
                *GATEWAYS,
                *TRAIL,
                *FILES,
                *SENT,
                *LISTENERS,
                *HOOKS,
            ),
            *(*PARKED, *APPLICATIONS, *SCREENING, *REFERRALS, *APPROVALS, *BROKEN, *RECONCILIATION),
            *(*PLANS, *SAVINGS, *ROLLS, *LENDERS, *LOANS, *LOAN_ROLLS, *DECISIONS, *SHOP),
        ),
        (READ_CASES,),
    ),
}


def install_roles(*, using: str = DEFAULT_DB_ALIAS) -> dict[str, Group]:
    """Make the groups, or give those that exist exactly these rights; return them by name.

    Raises LookupError for a permission that the database does not have.
    """
    block: AbstractContextManager[Any] = (
        acting_as_service() if using == DEFAULT_DB_ALIAS else transaction.atomic(using=using)
    )
    with block:
        known = {
            f"{app}.{codename}": pk
            for pk, app, codename in Permission.objects.using(using).values_list(
                "pk", "content_type__app_label", "codename"
            )
        }
        groups = {name: Group.objects.using(using).get_or_create(name=name)[0] for name in ROLES}
        for name, role in ROLES.items():
            wanted = rights_of(role)
            missing = wanted - known.keys()
            if missing:
                raise LookupError(f"no such permission: {', '.join(sorted(missing))}")
            groups[name].permissions.set([known[right] for right in wanted & known.keys()])
    return groups


def rights_of(role: Role) -> set[str]:
    """Return every permission of a role as `app.codename`."""
    views = {f"{app}.view_{model}" for app, _dot, model in (label.partition(".") for label in role.sees)}
    return views | set(role.may)


def install_after_migrations(app_config: AppConfig, using: str, **_kwargs: Any) -> None:
    """Run when the last app was told of its migrations, and the database is as the code wants it."""
    last = [config for config in apps.get_app_configs() if config.models_module][-1]
    if app_config.name != last.name:
        return
    executor = MigrationExecutor(connections[using])
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        install_roles(using=using)
