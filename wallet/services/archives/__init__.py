"""Old months of big tables: written to files, read back, taken out, brought back; and one's own entries of them fetched."""
