"""The `myna` command, one file per subcommand. Thin over `myna.client` and `myna.bootstrap`."""
