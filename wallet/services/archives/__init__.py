"""Old months of big tables: taken out into files and brought back; one's own entries of them fetched."""
