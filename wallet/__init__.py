"""The wallet: the ledger, gateways, deposits and transfers. The only code that moves money."""
