"""`python -m tests.generate OUT --messages N --conversations M [--fat]`: writes an export and
prints its true counts as JSON."""

import argparse
import sys
from pathlib import Path

import msgspec

from tests.generate import write_export


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.generate", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--conversations", type=int, required=True)
    parser.add_argument("--people", type=int)
    parser.add_argument("--days", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", type=float, default=0.0)
    parser.add_argument("--fat", action="store_true")
    options = vars(parser.parse_args())
    truth = write_export(options.pop("out"), facts=False, **options)
    shown = {"counts": truth.counts, "range": {"first": truth.first, "last": truth.last}}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(shown)).decode() + "\n")


if __name__ == "__main__":
    main()
