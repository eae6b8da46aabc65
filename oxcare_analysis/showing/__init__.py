"""Showing: charts, tables and sentences made from findings. Nothing here works anything out."""
