"""`python -m oxcare_analysis` is the same as `oxcare`."""

from oxcare_analysis.cli.main import main

if __name__ == "__main__":
    main()
