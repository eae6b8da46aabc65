"""One module a layout: its own names for the columns of records, and a reader that loads these
columns alone.
"""
