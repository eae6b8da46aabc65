"""Thinking: measures, the ledger, models and findings. Takes tables as given; reads no file."""
