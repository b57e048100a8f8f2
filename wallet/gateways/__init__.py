"""Gateways: how money gets in from outside, and out.

One object per gateway, with the protocol of `base.Gateway` and those of `capabilities` that its company can fulfil.
An adapter speaks HTTP and nothing else: it knows no table, no customer and no ledger, and converts the gateway's words
and units to ours at its edge. What it says happened is a claim about the gateway; whether anyone is credited is
decided in `wallet.services`.
"""
