"""`manage.py seed_demo`: people to be and weeks of money to look at. For development, safe to run again."""

import time
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import demo_joining, factors, roles
from accounts import services as accounts
from accounts.api.organizations.scopes import ORGANIZATIONS_READ
from accounts.demo import apply_for_tier_2, run_program
from accounts.models import ApiKey, Customer, Membership, Organization, User
from accounts.models.people import Role
from accounts.services import api_keys, invitations, organizations
from core.actors import acting_as_service
from storage_app.services import house
from wallet import (
    demo,
    demo_approvals,
    demo_merchants,
    demo_money_in,
    demo_payouts,
    demo_reconciliation,
    demo_statements,
)
from wallet.api.scopes import ACCOUNTS_READ
from wallet.models import PaymentGateway
from wallet.services.books import fold, seal
from wallet.services.gateways import install_gateway

PASSWORD = "alajo-demo"
QUIET_FOR = 2.0
CUSTOMERS = {
    "ada@alajo.test": "Ada Obi",
    "bola@alajo.test": "Bola Adeyemi",
    "chidi@alajo.test": "Chidi Eze",
    "damilola@alajo.test": "Damilola Ojo",
    "efe@alajo.test": "Efe Okoro",
    "fatima@alajo.test": "Fatima Bello",
    "gozie@alajo.test": "Gozie Nwosu",
    "halima@alajo.test": "Halima Sani",
    "ife@alajo.test": "Ife Akande",
    "jumoke@alajo.test": "Jumoke Alabi",
    "kemi@alajo.test": "Kemi Balogun",
    "lekan@alajo.test": "Lekan Ajayi",
    "musa@alajo.test": "Musa Garba",
    "ngozi@alajo.test": "Ngozi Umeh",
}
PHONES = {"ada@alajo.test": "+2348030000001", "bola@alajo.test": "+2348030000002"}
SHOP, SHOP_SLUG = "Kasuwa Stores", "kasuwa-stores"
AGENT, ADMIN = "agent@alajo.test", "admin@alajo.test"


class Command(BaseCommand):
    """Make the demo world, or what is missing of it."""

    help = "Fills a development database with people and weeks of history; once, however often it runs."

    def handle(self, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The demo world is for development only: its passwords are public.")
        self.started_at = time.monotonic()
        password = make_password(PASSWORD)
        self._tell("people")
        people = {email: customer(email, name, password) for email, name in CUSTOMERS.items()}
        staff(password)
        organization(owner=people["bola@alajo.test"], member=people["ada@alajo.test"])
        house.make_all(at=timezone.now())
        self._tell("gateway")
        with acting_as_service():
            if not PaymentGateway.objects.filter(code=demo.GATEWAY).exists():
                install_gateway(
                    code=demo.GATEWAY,
                    kind=PaymentGateway.Kind.PAYSTACK,
                    name="Paystack",
                    currencies=["NGN"],
                    credentials={"secret_key": settings.PAYSTACK_SANDBOX_SECRET_KEY},
                )
            if not PaymentGateway.objects.filter(code=demo.SECOND_GATEWAY).exists():
                install_gateway(
                    code=demo.SECOND_GATEWAY,
                    kind=PaymentGateway.Kind.XPRESS_PAY,
                    name="XpressPay",
                    currencies=["NGN"],
                    credentials={
                        "public_key": settings.XPRESS_PAY_SANDBOX_PUBLIC_KEY,
                        "door": settings.XPRESS_PAY_SANDBOX_DOOR,
                    },
                    priority=200,
                )
            if not PaymentGateway.objects.filter(code=demo.THIRD_GATEWAY).exists():
                install_gateway(
                    code=demo.THIRD_GATEWAY,
                    kind=PaymentGateway.Kind.XPRESS_WALLET,
                    name="Xpress Wallet",
                    currencies=["NGN"],
                    credentials={
                        "secret_key": settings.XPRESS_WALLET_SANDBOX_SECRET_KEY,
                        "door": settings.XPRESS_WALLET_SANDBOX_DOOR,
                    },
                    priority=300,
                )
        self._tell("history")
        if demo.write_history(people=people, at=timezone.now()):
            demo_money_in.write(people=people, at=timezone.now())
            # Folding and sealing take in what is committed, so they stand alone.
            self._tell("checkpoints and seal")
            with acting_as_service():
                fold()
            with acting_as_service():
                seal()
        self._tell("statements")
        demo_statements.make(at=timezone.now())
        self._tell("money out")
        demo_payouts.write_payouts(people=people, at=timezone.now())
        with acting_as_service():
            admin = User.objects.get(email=ADMIN)
        demo_merchants.open_shop(slug=SHOP_SLUG, people=people, staff=admin, at=timezone.now())
        demo_merchants.pay_shop(slug=SHOP_SLUG, people=people, at=timezone.now())
        demo_merchants.bring_salaries(slug=SHOP_SLUG, people=people, at=timezone.now())
        demo_merchants.ask_around(people=people, at=timezone.now())
        self._tell("the gateway's side")
        demo_reconciliation.tell(at=timezone.now())
        self._tell("an application and a programme")
        apply_for_tier_2(user=people["chidi@alajo.test"], at=timezone.now())
        run_program(by=admin, at=timezone.now())
        demo_approvals.propose_one(by=admin, customer=people["ada@alajo.test"], at=timezone.now())
        self.stdout.write(f"Log in as {', '.join((*list(CUSTOMERS)[:2], AGENT, ADMIN))}; password {PASSWORD}")
        self.stdout.write(f"The second step of each: manage.py second_step {ADMIN}")

    def _tell(self, step: str) -> None:
        if time.monotonic() - self.started_at > QUIET_FOR:
            self.stdout.write(f"  {step} ...")
            self.stdout.flush()


def customer(email: str, name: str, password: str) -> User:
    """Register a customer whose address is confirmed and who has an authenticator, unless there is one."""
    with acting_as_service():
        user = User.objects.filter(email=email).first()
        if user is None:
            user = accounts.register(user=User(email=email, password=password), display_name=name)
            Customer.objects.filter(user=user).update(phone=PHONES.get(email, ""))
        confirm(user)
    demo_joining.set_up_long_ago(user=user, at=timezone.now())
    return user


def staff(password: str) -> None:
    """Two with an authenticator: the agent, who looks at people, applications and money, and the administrator."""
    groups = roles.install_roles()
    with acting_as_service():
        for email, role in ((AGENT, Role.AGENT), (ADMIN, Role.ADMIN)):
            user, _made = User.objects.get_or_create(
                email=email, defaults={"role": role, "password": password, "is_superuser": role == Role.ADMIN}
            )
            if role == Role.AGENT:
                user.groups.add(groups[roles.SUPPORT], groups[roles.FINANCE], groups[roles.KYC])
            confirm(user)
            factors.enrol_totp(user=user)


def organization(*, owner: User, member: User) -> None:
    """A shop of two with a key that nobody has seen, unless it is there; its invitation lies among the mails."""
    with acting_as_service():
        if Organization.objects.filter(slug=SHOP_SLUG).exists():
            return
        at = timezone.now()
        shop = organizations.create(owner=owner, name=SHOP)
        _offer, token = invitations.invite(
            organization_id=shop.pk, by=owner, email=member.email, role=Membership.Role.MEMBER, at=at
        )
        invitations.accept(token=token, by=member, at=at)
        api_keys.make(
            organization_id=shop.pk,
            by=owner,
            name="Shop backend",
            mode=ApiKey.Mode.TEST,
            scopes=[ORGANIZATIONS_READ, ACCOUNTS_READ],
            at=at,
            expires_at=at + timedelta(days=90),
        )


def confirm(user: User) -> None:
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
