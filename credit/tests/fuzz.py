"""How random examples are tried: the same ones on each run, and no clock held against them."""

from hypothesis import HealthCheck, settings

fuzz = settings(deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
