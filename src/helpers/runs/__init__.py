"""Notebooks run, published, verified, scheduled."""
