"""Processes that are killed at a chosen step, and what must then stand."""
