"""Background work. The schedule is code: what runs, and when, stands here and nowhere else."""

from celery import Celery
from celery.schedules import crontab

app = Celery("alajo")
app.set_default()  # also in threads that did not import it, such as those of the web server
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="webhook_tasks")
app.autodiscover_tasks(related_name="check_tasks")
app.autodiscover_tasks(related_name="referral_tasks")
app.autodiscover_tasks(related_name="archive_tasks")
app.autodiscover_tasks(related_name="return_tasks")
app.autodiscover_tasks(related_name="reconciliation_tasks")
app.autodiscover_tasks(related_name="payout_tasks")
app.autodiscover_tasks(related_name="money_in_tasks")
app.autodiscover_tasks(related_name="staff_tasks")
app.autodiscover_tasks(related_name="automatic_tasks")
app.autodiscover_tasks(related_name="closing_tasks")
app.autodiscover_tasks(related_name="scoring_tasks")
app.autodiscover_tasks(related_name="contract_tasks")
app.autodiscover_tasks(related_name="bidding_tasks")
app.autodiscover_tasks(related_name="application_tasks")
app.autodiscover_tasks(related_name="servicing_tasks")

# Times are Africa/Lagos (settings.TIME_ZONE).
app.conf.beat_schedule = {
    "fold hot accounts": {"task": "wallet.tasks.fold_hot_accounts", "schedule": 60.0},
    "release expired holds": {"task": "wallet.tasks.release_expired_holds", "schedule": 60.0},
    "offer paused transfers": {"task": "wallet.tasks.offer_paused_transfers", "schedule": 60.0},
    "expire payment requests": {"task": "wallet.tasks.expire_payment_requests", "schedule": 600.0},
    "check open payments": {"task": "wallet.tasks.check_open_payments", "schedule": 30.0},
    "check payouts": {"task": "wallet.payout_tasks.check_payouts", "schedule": 10.0},
    "run scheduled transfers": {"task": "wallet.payout_tasks.run_scheduled_transfers", "schedule": 60.0},
    # From the morning on, so that a day is in the bank on that day; a run that finds nothing costs two queries.
    "settle merchants": {
        "task": "wallet.payout_tasks.settle_merchants",
        "schedule": crontab(hour="6-22", minute="*/10"),
    },
    "pay files": {"task": "wallet.payout_tasks.pay_files", "schedule": 15.0},
    "read banks": {"task": "wallet.payout_tasks.read_banks", "schedule": 600.0},
    "settle refunds": {"task": "wallet.money_in_tasks.settle_refunds", "schedule": 60.0},
    "deliver dispute answers": {"task": "wallet.money_in_tasks.deliver_dispute_answers", "schedule": 300.0},
    "look for deposits": {"task": "wallet.money_in_tasks.look_for_deposits", "schedule": 300.0},
    "open account numbers": {"task": "wallet.money_in_tasks.open_account_numbers", "schedule": 60.0},
    "process waiting webhooks": {"task": "wallet.tasks.process_waiting_webhooks", "schedule": 60.0},
    "pay referral bonuses": {"task": "wallet.referral_tasks.pay_referral_bonuses", "schedule": 60.0},
    "settle referrals": {
        "task": "wallet.referral_tasks.settle_referrals",
        "schedule": crontab(hour=0, minute=30),
    },
    "follow suspense": {"task": "wallet.reconciliation_tasks.follow_suspense", "schedule": 300.0},
    "reconcile yesterday": {
        "task": "wallet.reconciliation_tasks.reconcile_yesterday",
        "schedule": crontab(hour=5, minute=0),
    },
    # From the morning on: what came in overnight is there to be saved.
    "save automatically": {
        "task": "savings.automatic_tasks.save_automatically",
        "schedule": crontab(hour="6-22"),
    },
    "seal the ledger": {"task": "wallet.tasks.seal_ledger", "schedule": crontab(hour=0, minute=10)},
    "verify the ledger": {"task": "wallet.tasks.verify_ledger", "schedule": crontab(hour=1, minute=0)},
    # On the first days of a month, until everybody has theirs: a run that finds nothing to make costs one query.
    "make monthly statements": {
        "task": "wallet.archive_tasks.make_monthly_statements",
        "schedule": crontab(day_of_month="1-3", minute="5,35"),
    },
    "fetch archived movements": {"task": "wallet.archive_tasks.fetch_archived_movements", "schedule": 60.0},
    "archive old months": {
        "task": "wallet.archive_tasks.archive_old_months",
        "schedule": crontab(hour=3, minute=45),
    },
    "forget old idempotency keys": {
        "task": "core.tasks.forget_idempotency_keys",
        "schedule": crontab(hour=2, minute=30),
    },
    "forget dead processes with sockets": {"task": "realtime.tasks.forget_dead_processes", "schedule": 60.0},
    "forget old messages": {"task": "realtime.tasks.forget_messages", "schedule": crontab(hour=3, minute=0)},
    "scan waiting files": {"task": "storage_app.tasks.scan_waiting_files", "schedule": 10.0},
    "forget pictures sent": {
        "task": "storage_app.tasks.forget_pictures_sent",
        "schedule": crontab(hour=3, minute=15),
    },
    "go on removing files": {"task": "storage_app.tasks.go_on_removing_files", "schedule": 60.0},
    "remove doomed blobs": {"task": "storage_app.tasks.remove_doomed_blobs", "schedule": 60.0},
    "expire uploads": {"task": "storage_app.tasks.expire_uploads", "schedule": 600.0},
    "reconcile files": {
        "task": "storage_app.tasks.reconcile_files",
        "schedule": crontab(hour=1, minute=30),
    },
    # From just after midnight on; a run that finds every day closed costs one query.
    "roll savings": {"task": "savings.tasks.roll_savings", "schedule": crontab(minute="1-59/5")},
    "mature savings": {"task": "savings.tasks.mature_savings", "schedule": crontab(minute="3-59/5")},
    # A bureau that was down is asked again after a while; a run that finds nothing due costs one query.
    "score applications": {"task": "credit.scoring_tasks.score_due", "schedule": 60.0},
    "tell of refusals": {"task": "credit.scoring_tasks.send_adverse_actions", "schedule": 300.0},
    "roll loans": {"task": "credit.closing_tasks.roll_loans", "schedule": crontab(minute="2-59/5")},
    # From the morning on: what came in overnight is there to be taken.
    "collect instalments": {
        "task": "credit.closing_tasks.collect_instalments",
        "schedule": crontab(hour="6-22", minute=15),
    },
    # In the hours in which a lender may speak of a debt.
    "remind borrowers": {
        "task": "credit.closing_tasks.remind_borrowers",
        "schedule": crontab(hour="8-20", minute="5,35"),
    },
    "release reservations": {"task": "marketplace.tasks.release_reservations", "schedule": 30.0},
    "move orders on": {"task": "marketplace.tasks.move_orders_on", "schedule": 60.0},
    # Just after midnight in Lagos, and again for what a worker that was down has missed.
    "keep prices": {"task": "marketplace.tasks.keep_prices", "schedule": crontab(hour="0,6,12", minute=1)},
    "send notices": {"task": "accounts.tasks.send_notices", "schedule": 30.0},
    "take up webhooks": {"task": "accounts.webhook_tasks.take_up", "schedule": 15.0},
    "forget old webhooks": {
        "task": "accounts.webhook_tasks.forget",
        "schedule": crontab(hour=3, minute=30),
    },
    "make checks": {"task": "accounts.check_tasks.run_due_checks", "schedule": 60.0},
    "lift what is over": {"task": "accounts.check_tasks.lift_expired_statuses", "schedule": 60.0},
    "screen again": {"task": "accounts.check_tasks.rescreen", "schedule": crontab(hour=4, minute=0)},
    "restrict who gave no number": {
        "task": "accounts.check_tasks.restrict_unidentified",
        "schedule": crontab(hour=4, minute=30),
    },
    # After the night's roll has closed the day.
    "note plans' days": {"task": "savings.staff_tasks.note_plan_days", "schedule": crontab(minute=20)},
    "tell of terms": {"task": "savings.staff_tasks.tell_of_terms", "schedule": 600.0},
    "retire signing keys": {"task": "accounts.tasks.retire_signing_keys", "schedule": 600.0},
    "forget old sign-ins": {
        "task": "accounts.tasks.forget_old_sign_ins",
        "schedule": crontab(hour=2, minute=45),
    },
    "expire applications": {
        "task": "accounts.tasks.expire_applications",
        "schedule": crontab(hour=8, minute=0),
    },
    "return lapsed cases": {"task": "accounts.tasks.return_lapsed_cases", "schedule": 60.0},
    "end old proposals": {"task": "accounts.tasks.end_old_proposals", "schedule": 300.0},
    "pay out loans": {"task": "credit.contract_tasks.disburse_loans", "schedule": 30.0},
    "give back what was too much": {"task": "credit.servicing_tasks.refund_loans", "schedule": 120.0},
    "pay off replaced loans": {"task": "credit.servicing_tasks.refinance_loans", "schedule": 60.0},
    "close loans paid off": {"task": "credit.servicing_tasks.settle_loans", "schedule": 600.0},
    "search fully": {"task": "credit.contract_tasks.search_all_fully", "schedule": 300.0},
    "give back what nobody asked for": {
        "task": "credit.contract_tasks.release_undrawn",
        "schedule": crontab(minute=10),
    },
    "end what nobody signed": {"task": "credit.contract_tasks.lapse_unsigned", "schedule": 300.0},
    # From the first of a month on, until its last day is closed for all loans; then once more each hour, in vain.
    "make bureau files": {
        "task": "credit.return_tasks.make_bureau_return",
        "schedule": crontab(day_of_month="1-7", minute=35),
    },
    "send bureau files": {"task": "credit.return_tasks.send_bureau_files", "schedule": 300.0},
    "offer automatically": {"task": "credit.bidding_tasks.offer_automatically", "schedule": 60.0},
    "expire listings": {"task": "credit.bidding_tasks.expire_listings", "schedule": 60.0},
    "make partitions ahead": {
        "task": "core.tasks.make_partitions_ahead",
        "schedule": crontab(hour=2, minute=0),
    },
}
