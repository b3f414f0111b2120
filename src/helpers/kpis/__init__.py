"""From checked answers to figures, bounds and statuses."""
