"""Languages: sentences, numbers, dates, reading direction."""
