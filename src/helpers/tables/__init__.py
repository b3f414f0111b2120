"""The tables of an edition: made, described, read."""
