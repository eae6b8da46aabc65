"""Mutated real files: what is done to them, what is right for each, and whether the readers did
it.
"""
