"""Refresh: run the notebooks for an area and publish the report, whole or not at all."""

import sys

# nbformat and papermill import jsonschema, which imports this to check a format that no notebook
# has (internationalised
# addresses): building its grammar takes longer than all the rest of them. Without it jsonschema
# leaves that check out.
sys.modules.setdefault("rfc3987_syntax", None)
