"""Credit: providers, applications, bids, scores and loans."""
