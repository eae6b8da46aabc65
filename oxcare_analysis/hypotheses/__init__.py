"""The four hypotheses, one module each: constants at the top, one assess(). To add one, see
CONTRIBUTING.md.
"""
