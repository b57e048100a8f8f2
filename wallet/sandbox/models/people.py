from django.db import models


class SandboxCustomer(models.Model):
    """Somebody who pays or may be identified, by the code that Paystack gives out."""

    code = models.CharField(max_length=30, unique=True)
    email = models.EmailField(unique=True)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code
