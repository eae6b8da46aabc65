"""Refresh: run the notebooks for an area and publish the report, whole or not at all."""
