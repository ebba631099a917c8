"""The commands, each a function of a :class:`smb.cli.client.Client`; its docstring is its help."""
