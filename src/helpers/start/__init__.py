"""Starts a plan: says it in words, to be proofread, and makes the folder of a new one."""

from helpers.start.new_root import make_root

__all__ = ["make_root", "proofread"]
