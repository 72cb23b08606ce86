"""`python -m funade` is the command line."""

from funade.cli import main

main()
