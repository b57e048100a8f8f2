"""What can be done in the shop, one verb each."""
