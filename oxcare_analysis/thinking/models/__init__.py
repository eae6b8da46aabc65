"""The statistics. statsmodels and scipy are imported here and nowhere else."""
