from django.db import models


class SandboxCustomer(models.Model):
    """Somebody who pays or may be identified, by the code that Paystack gives out."""

    code = models.CharField(max_length=30, unique=True)
    email = models.EmailField(unique=True)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=30, blank=True, default="")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class SandboxAccount(models.Model):
    """An account number given out to a customer: what is paid in there is a charge of theirs."""

    customer = models.ForeignKey(SandboxCustomer, on_delete=models.CASCADE, related_name="accounts")
    number = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=200)
    provider = models.CharField(max_length=30)
    active = models.BooleanField(default=True)
    asked_about_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number
