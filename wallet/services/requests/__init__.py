"""Asking one another for money: `asking` and `splitting` make requests, `answering` ends them, `links` need none."""
