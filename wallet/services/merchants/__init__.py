"""Organisations that are paid: from application to settlement.

`applying` says who takes money, `links` at which addresses, `selling` how it is paid, and `takings` what becomes of a
card's payment; `refunds`, `settling`, `reports` and `own_gateways` are for the merchant afterwards.
"""
