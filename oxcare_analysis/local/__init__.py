"""An authority's own records, read and worked on the analyst's machine only."""
