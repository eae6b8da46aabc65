"""Simulated authorities with a known cause. Nothing here may import measures or hypotheses."""
