"""Number 20: break each guard of the ledger in turn, and see a test fail for it. `make mutants`, or one by its name.

Each mutant lives in a database of its own, named in ALAJO_MUTANT for the test process that is to notice it (conftest).
A mutant is a guard of a function replaced in the text of that function, or some SQL. One that no test notices, or whose
guard is no longer there to break, is a failure.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
LOCK_ALL = "order by id for no key update;"


@dataclass(frozen=True)
class Mutant:
    """`old` becomes `new` in a function of the schema `wallet`, or `sql` is run; one of `tests` must fail."""

    name: str
    tests: str
    function: str = ""
    old: str = ""
    new: str = ""
    sql: str = ""


def in_function(name: str, function: str, old: str, new: str, tests: str) -> Mutant:
    return Mutant(name, tests, function, old, new)


def by_sql(name: str, sql: str, tests: str) -> Mutant:
    return Mutant(name, tests, sql=sql)


def answers(name: str, signature: str, body: str, tests: str) -> Mutant:
    """A function that gives the same answer to everything."""
    sql = f"create or replace function wallet.{signature} language sql immutable return {body}"
    return by_sql(name, sql, tests)


LOSES_NOTHING = "test_ledger_numbers.py::test_number_5_the_credit_side_loses_no_update_of_many_lines"
STATE = "state_refusal(p_state text, p_side text) returns text"
BALANCE = "balance_refusal(p_balance bigint, p_held bigint, p_floor bigint, p_cap bigint, p_change bigint) returns text"
MAY_MOVE = (
    "may_move(p_hot boolean, p_state text, p_balance bigint, p_held bigint, p_floor bigint, p_cap bigint, "
    "p_change bigint) returns boolean"
)
MAY_COUNT = (
    "may_count(p_owner_state text, p_until timestamptz, p_used bigint, p_limit bigint, p_counted bigint, "
    "p_now timestamptz) returns boolean"
)
LIMIT = "limit_refusal(p_account public.wallet_account, p_side text, p_counted bigint) returns text"

MUTANTS = (
    # Locks
    in_function("no lock in a posting", "apply_posting", LOCK_ALL, "limit 0;", LOSES_NOTHING),
    in_function(
        "no lock in a batch", "post_many", "for no key update of a", "", "test_ledger_concurrency.py"
    ),
    in_function(
        "no lock of a hold's account",
        "lock_hold",
        "for no key update",
        "",
        "test_ledger_races.py::test_whoever_changes_a_hold_waits_for_its_account_and_locks_nothing_before",
    ),
    # The content of a transaction
    in_function(
        "legs swapped",
        "post_one",
        "values (p_posting, p_posting, p_debit, p_credit,",
        "values (p_posting, p_posting, p_credit, p_debit,",
        "test_ledger_concurrency.py::test_the_credit_side_loses_no_update",
    ),
    in_function(
        "a charge is not taken from the sender",
        "send_charged",
        "set balance = balance - v_total",
        "set balance = balance - p_amount",
        "test_charged_transfers.py::test_a_transfer_and_its_duty_are_one_posting_and_the_sender_pays_both",
    ),
    # Balances
    answers(
        "no floor nor cap on the short cut",
        MAY_MOVE,
        "not p_hot and p_state = 'ACTIVE'",
        "test_ledger_refusals.py::test_an_account_takes_in_no_more_than_its_cap",
    ),
    answers(
        "no refusal of balances",
        BALANCE,
        "null",
        "test_ledger_refusals.py::test_more_than_is_available_is_refused",
    ),
    by_sql(
        "no CHECK of the floor",
        "alter table public.wallet_account drop constraint wallet_account_balance",
        "test_ledger_numbers.py::test_number_20_the_table_itself_keeps_the_floor",
    ),
    by_sql(
        "no CHECK of the sides",
        "alter table public.wallet_transaction drop constraint wallet_transaction_sides",
        "test_ledger_rights.py::test_the_tables_themselves_take_no_row_that_no_posting_could_write",
    ),
    in_function(
        "currencies mix",
        "apply_posting",
        "if v_debit.currency_id <> v_credit.currency_id then",
        "if false then",
        "test_ledger_refusals.py::test_two_currencies_do_not_mix",
    ),
    # States and limits
    answers(
        "no refusal by state", STATE, "null", "test_ledger_refusals.py::test_a_state_stops_the_sides_it_names"
    ),
    answers(
        "no refusal by the owner's standing",
        "owner_refusal(p_state text, p_side text) returns text",
        "null",
        "test_owner_states.py",
    ),
    answers(
        "no limits at all",
        LIMIT,
        "null",
        "test_limits_ledger.py::test_what_comes_in_is_bounded_where_a_rule_says_so",
    ),
    answers(
        "no limits on the short cut",
        MAY_COUNT,
        "p_owner_state = 'ACTIVE' and (p_until <= p_now) is not true",
        "test_limits_races.py::test_of_ten_transfers_of_a_fifth_at_once_exactly_five_go_through",
    ),
    by_sql(
        "fees count towards limits",
        "create or replace function wallet.counts(p_kind text) returns boolean language sql immutable return true",
        "test_ledger_hold_lines.py::test_what_is_not_paid_out_is_given_back_to_the_day",
    ),
    in_function(
        "what is reversed is not given back to the day",
        "given_back",
        "if v_counted and p_side = 'DEBIT' then",
        "if true then return p_account; elsif v_counted and p_side = 'DEBIT' then",
        "test_limits_ledger.py::test_what_is_reversed_today_is_given_back_to_both",
    ),
    answers(
        "a closed month takes entries",
        "period_refusal(p_effective_at timestamptz) returns text",
        "null",
        "test_ledger_model.py",
    ),
    # Repeats and reversals
    in_function(
        "a repeat is not compared",
        "replay",
        "elsif v_field is not null then",
        "elsif false then",
        "test_ledger_ids.py::test_the_same_id_with_other_content_is_refused_and_the_field_named",
    ),
    answers(
        "any id will do",
        "id_refusal(p_posting uuid, p_effective_at timestamptz, p_now timestamptz) returns text",
        "null",
        "test_ledger_ids.py test_ledger_time.py::test_nothing_is_recorded_before_it_happens",
    ),
    in_function(
        "a posting is reversed twice",
        "reverse",
        "elsif v_by <> p_posting then",
        "elsif false then",
        "test_ledger_races.py::test_of_two_reversals_at_once_one_succeeds",
    ),
    # Holds
    in_function(
        "a closed hold is committed",
        "take_from_hold",
        "if p_hold.state <> 'OPEN' then",
        "if false then",
        "test_ledger_holds.py",
    ),
    in_function(
        "an overdue hold is committed",
        "take_from_hold",
        "elsif p_hold.expires_at <= clock_timestamp() then",
        "elsif false then",
        "test_ledger_holds.py::test_an_overdue_hold_is_spent_by_nobody_and_binds_nobody",
    ),
    in_function(
        "more than the hold is committed",
        "take_from_hold",
        "elsif p_amount > v_left then",
        "elsif false then",
        "test_ledger_numbers.py::test_number_20_a_hold_pays_no_more_than_itself_for_what_counts_towards_no_limit",
    ),
    in_function(
        "a hold is released again and again",
        "release_hold",
        "if v_hold.state = 'OPEN' then",
        "if v_hold.state <> 'COMMITTED' then",
        "test_ledger_holds.py::test_a_released_hold_gives_back_what_is_left_once",
    ),
    in_function(
        "a hold promises what is not there",
        "place_hold",
        "set held = held + p_amount",
        "set held = held",
        "test_ledger_races.py::test_holds_and_spends_at_once_never_promise_more_than_there_is",
    ),
    # Who may
    in_function(
        "a customer debits another",
        "check_customer",
        "where (a.owner_id = auth.uid()) is not true",
        "where false",
        "test_ledger_customers.py::test_a_customer_debits_only_accounts_of_their_own",
    ),
    in_function(
        "a customer sends what is saved under a plan",
        "check_customer",
        "a.kind = 'SAVINGS'",
        "false",
        "test_ledger_customers.py::test_what_a_customer_saves_moves_by_its_plan_alone",
    ),
    in_function(
        "a customer pays a charge to anybody",
        "check_charges",
        "where a.id is null",
        "where false",
        "test_charged_transfers.py::test_a_charge_goes_nowhere_but_to_the_account_of_its_kind",
    ),
    by_sql(
        "the application writes the books",
        "grant insert, update, delete on public.wallet_transaction to service_role",
        "test_ledger_rights.py::test_no_role_writes_a_table_of_the_books_nor_any_partition",
    ),
    by_sql(
        "everybody sees every transaction",
        "drop policy wallet_transaction_own on public.wallet_transaction;"
        "create policy wallet_transaction_own on public.wallet_transaction for select to authenticated using (true)",
        "test_ledger_customers.py::test_nobody_sees_more_of_the_books_than_is_theirs",
    ),
    by_sql(
        "the past can be changed",
        "drop trigger append_only on public.wallet_transaction",
        "test_ledger_rights.py::test_even_the_owner_of_the_schema_changes_nothing_that_is_written",
    ),
    by_sql(
        "prices can be changed",
        "drop trigger append_only on public.wallet_feerule",
        "test_fee_schedules.py::test_a_schedule_is_not_changed_or_deleted_by_anybody",
    ),
    # Proof
    by_sql(
        "nothing is proven",
        "create or replace function wallet.verify(p_archived boolean default false) "
        "returns table (check_name text, row_id text, detail text) language sql stable security definer "
        "set search_path = '' begin atomic select null::text, null::text, null::text where false; end",
        "test_ledger_tampering.py",
    ),
)


class NothingToBreak(Exception):
    """The guard that a mutant breaks is not there any more: give the mutant the text that is."""


def break_guard(connection: psycopg.Connection, name: str) -> None:
    """Make one of the mutants of the database that this connection is to. Raises NothingToBreak."""
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    if mutant.sql:
        connection.execute(mutant.sql)
        return
    found = connection.execute(
        "select pg_get_functiondef(oid) from pg_proc where pronamespace = 'wallet'::regnamespace and proname = %s",
        [mutant.function],
    ).fetchall()
    if len(found) != 1 or found[0][0].count(mutant.old) < 1:
        raise NothingToBreak(mutant.name)
    connection.execute(found[0][0].replace(mutant.old, mutant.new))


def fails(mutant: Mutant | None, tests: str) -> tuple[bool, str]:
    """Run tests on a mutant (None: on the ledger as it is); return whether any failed, and what they said last."""
    files = [f"{FOLDER}/{test}" for test in tests.split()]
    # A database and an empty cache of its own, as for a worker of that name.
    environment = {
        **os.environ,
        "PYTEST_XDIST_WORKER": "mutant",
        "ALAJO_MUTANT": mutant.name if mutant else "",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *files]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    said = "\n".join(done.stdout.splitlines()[-12:] or done.stderr.splitlines()[-12:])
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{mutant.name if mutant else 'the ledger as it is'}: {said}")
    return done.returncode == 1, said


def main(names: list[str]) -> int:
    """Make each mutant, or those named; return how many lived."""
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    every = dict.fromkeys(test for mutant in chosen for test in mutant.tests.split())
    failed, said = fails(None, " ".join(every))
    if failed:
        print(f"Tests fail on the ledger as it is:\n{said}")
        return 1
    lived = 0
    for mutant in chosen:
        began = time.monotonic()
        noticed, said = fails(mutant, mutant.tests)
        lived += not noticed
        by = next((line for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))), "")
        word = f"noticed by {by.partition(' ')[2].split(' - ')[0]}" if noticed else "NOT NOTICED"
        print(f"{mutant.name}: {word} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{len(chosen) - lived} of {len(chosen)} mutants were noticed.")
    return lived


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
