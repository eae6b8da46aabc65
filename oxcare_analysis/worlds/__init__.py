"""Simulated authorities with a known cause. Nothing here may import measures or hypotheses: it must not know the test."""
