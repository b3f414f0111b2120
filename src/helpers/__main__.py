"""`python -m helpers` is `papu`."""

from helpers.cli import main

if __name__ == "__main__":
    main(prog_name="papu")
