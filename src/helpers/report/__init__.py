"""Figures, tables and documents."""
