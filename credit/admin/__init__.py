"""Credit, for staff: lenders, applications and their cases, scorecards, loans and what is late."""
