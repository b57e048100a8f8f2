"""Gateways: how money gets in from outside.

One module per gateway, each with the protocol of `base.Gateway`. An adapter speaks HTTP and nothing else: it
knows no table, no customer and no ledger, and converts the gateway's words and units to ours at its edge.
What it says happened is a claim about the gateway; whether anyone is credited is decided in
`wallet.services`.
"""
