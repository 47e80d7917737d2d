"""The subcommands of `judge bench score` and `judge bench run`, a module a family."""
