"""`python -m preflight`, where the script of that name is not on the path."""

from preflight.cli import main

main()
