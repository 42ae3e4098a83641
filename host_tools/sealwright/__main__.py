"""`python -m sealwright`: the command, where no script of it is on the path."""

from .cli.main import main

main()
