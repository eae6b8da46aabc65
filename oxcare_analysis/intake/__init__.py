"""Intake: published text → numbers with a status, under the project's own names."""
