from django.db import migrations

from core.rls import Policy, Protect, ServiceOnly
from core.sql import read
from credit import sql

SCHEMA = """
create schema if not exists credit;
grant usage on schema credit to authenticated, service_role;
"""
RIGHTS = """
revoke all on all functions in schema credit from public;
grant execute on all functions in schema credit to service_role;
"""
EVERYBODYS = "true"
ORGANIZATIONS = "any (array (select auth.organizations()))"
OWN = "user_id = (select auth.uid())"
OF_OWN = "application_id in (select a.id from credit_application a where a.user_id = (select auth.uid()))"
OF_LOAN = "loan_id in (select l.application_id from credit_loan l where l.user_id = (select auth.uid()))"
OF_CONTRACT = f"contract_id in (select c.id from credit_contract c where {OF_OWN.replace('application_id', 'c.application_id')})"
MY_LOANS = "join credit_loan l on l.application_id = x.loan_id where l.user_id = (select auth.uid())"
OF_VERSION = f"version_id in (select x.id from credit_scheduleversion x {MY_LOANS})"
OF_TRANSACTION = f"transaction_id in (select x.id from credit_loantransaction x {MY_LOANS})"
PROVIDERS = f"(select p.id from credit_provider p where p.organization_id = {ORGANIZATIONS})"
THEIRS = f"provider_id in {PROVIDERS}"
# Each side is asked apart, so that an index of its own answers.
EITHER = f"({OF_OWN}) is true or ({THEIRS}) is true"
ADMITTED = f"state <> 'APPLIED' or organization_id = {ORGANIZATIONS}"

APPLICATION = (
    "state, amount, count, purpose, purpose_text, employment, employed_since, income, expenses, debts, released, pools, "
    "collects, refinances_id, submitted_at, complete_at, deadline, sign_by, listings, changed_at, ended_at"
)
PROVIDER = (
    "display_name, about, licence_number, licensed_until, complaints_email, complaints_phone, state, reason, decided_at"
)
CASE = (
    "priority, claimed_by_id, leased_until, recommended_by_id, decided_by_id, decision, reason_code, note, decided_at, text"
)
POSITION = (
    "next_day, next_event_on, per_day, accrued, charged, principal, due_interest, due_principal, fees, "
    "penalties, overpaid, penalties_charged, charged_row, recovered, next_due_on, next_due_amount, due_since, overdue_days, "
    "paused_until, bucket, stage, cured_since, parked_at, error"
)
ADDED = "SELECT, INSERT"


def own(table: str, using: str, service: str = ADDED) -> Protect:
    return Protect(
        table, policies=[Policy("own", "SELECT", using=using)], authenticated="SELECT", service=service
    )


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0001_credit'),
    ]

    operations = [
        migrations.RunSQL(SCHEMA, "drop schema credit cascade"),
        migrations.RunSQL(read(sql.__file__, "tables"), migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
        own("credit_provider", ADMITTED, f"SELECT, INSERT, UPDATE ({PROVIDER})"),
        ServiceOnly("credit_commission", service=ADDED),
        own("credit_loanproduct", EVERYBODYS, "SELECT, INSERT, UPDATE (name, summary, is_open)"),
        own("credit_productterms", EVERYBODYS),
        own("credit_autorule", THEIRS, "SELECT, INSERT, UPDATE (name, position, is_on, ended_at)"),
        own("credit_providermove", THEIRS),
        own("credit_application", OWN, f"SELECT, INSERT, UPDATE ({APPLICATION})"),
        own("credit_consent", OF_OWN, "SELECT, INSERT, UPDATE (withdrawn_at)"),
        own("credit_statuschange", OF_OWN),
        own("credit_question", OF_OWN, "SELECT, INSERT, UPDATE (answer, document_id, answered_at)"),
        own("credit_fileview", EITHER),
        ServiceOnly("credit_scorecardversion", service=ADDED),
        own(
            "credit_bureaureport",
            OF_OWN,
            "SELECT, INSERT, UPDATE (state, sealed, sha256, mapped, error, answered_at, disputed_at, dispute)",
        ),
        own("credit_creditscore", OF_OWN),
        own("credit_adverseaction", OF_OWN, "SELECT, INSERT, UPDATE (sent_at)"),
        ServiceOnly("credit_case", service=f"SELECT, INSERT, UPDATE ({CASE})"),
        own("credit_bid", EITHER, "SELECT, INSERT, UPDATE (state, ended_at)"),
        own(
            "credit_contract",
            OF_OWN,
            "SELECT, INSERT, UPDATE (signed_at, cooling_off_until, ended_at, end_reason)",
        ),
        own("credit_share", f"({OF_CONTRACT}) is true or ({THEIRS}) is true"),
        ServiceOnly(
            "credit_disbursement", service="SELECT, INSERT, UPDATE (state, tries, next_try_at, code, ended_at)"
        ),
        own("credit_signature", OF_CONTRACT),
        own("credit_loan", OWN, "SELECT, INSERT, UPDATE (replaced_by_id, closed_on)"),
        own("credit_loantransaction", OF_LOAN),
        own("credit_payout", OF_TRANSACTION),
        own("credit_scheduleversion", OF_LOAN),
        own("credit_instalment", OF_VERSION),
        own("credit_payoffquote", OF_LOAN, "SELECT, INSERT, UPDATE (used_at)"),
        own("credit_hardshiprequest", OF_LOAN, "SELECT, INSERT, UPDATE (state, answer, ended_at)"),
        own("credit_delinquencypause", OF_LOAN, "SELECT, INSERT, UPDATE (until)"),
        own("credit_position", OF_LOAN, f"SELECT, INSERT, UPDATE ({POSITION})"),
        own("credit_loanstanding", OF_LOAN, "SELECT, INSERT, UPDATE (data, transactions)"),
        own("credit_loanday", OF_LOAN),
        own("credit_bucketchange", OF_LOAN),
        ServiceOnly("credit_lossrates", service=ADDED),
        ServiceOnly("credit_loanroll", service="SELECT, INSERT, UPDATE (loans, finished_at)"),
        ServiceOnly(
            "credit_loanrollchunk",
            service="SELECT, INSERT, UPDATE (closed, folded, parked, accrued, tried_at, done_at)",
        ),
        own(
            "credit_collection",
            OF_LOAN,
            "SELECT, INSERT, UPDATE (state, taken, tries, next_try_at, code, ended_at)",
        ),
        own("credit_reminder", OF_LOAN),
    ]
