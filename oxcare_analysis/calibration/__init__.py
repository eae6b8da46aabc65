"""Error rates of the verdicts on worlds with a known cause. Imports the core and worlds; nothing
imports it.
"""
