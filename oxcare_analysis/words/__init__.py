"""Words: paths, errors and the names of things. Imports nothing else of ours."""
