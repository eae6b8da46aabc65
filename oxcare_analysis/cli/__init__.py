"""The `oxcare` command: one file a command."""
