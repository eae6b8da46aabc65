"""What the documents say that published figures can check: one specification a statement, general
checks, results.
"""
