"""Makes `acme-export.zip`, the export of a small team that never was: a believable year of talk,
with every awkward shape that real exports are known to hold.

    python examples/make_export.py               writes the zip beside this script
    python examples/make_export.py --out FILE    writes it elsewhere
    python examples/make_export.py --ledger      prints what was planted where, and the true counts

Needs nothing but Python. The same bytes every time.
"""

import argparse
import json
import random
import sys
from pathlib import Path

from acme.archive import pack_members, write_zip
from acme.book import Book, at
from acme.cast import hire_people, open_places
from acme.kinds import plant_files
from acme.ledger import count_everything
from acme.shapes import plant_shapes
from acme.subtypes import plant_subtypes
from acme.texts import plant_texts
from acme.year import live_year, read_dialogues

HERE = Path(__file__).parent
SEED = 20230905


def make_export() -> tuple[dict[str, bytes], dict[str, object]]:
    """The members of the archive by name, and the ledger."""
    book = Book(hire_people(), open_places())
    book.say("general", "mara", at(9, 5, 9), "Hello world, this is Acme's Slack! :wave:")
    live_year(book, read_dialogues(HERE / "acme" / "dialogues.txt"), random.Random(SEED))
    _say_alone(book)
    plant_subtypes(book)
    plant_shapes(book)
    plant_texts(book)
    plant_files(book)
    book.say("random", "zoe", at(8, 30, 17), "What a year. Have a lovely weekend, all! :sunflower:")
    members = pack_members(book)
    return members, count_everything(book)


def _say_alone(book: Book) -> None:
    """Talk of those who talk to themselves, to a robot, or beside a file."""
    lines = (
        ("D02DIR00007", "jonas", "Note to self: renew the certificate *before* it ends"),
        ("D02DIR00007", "jonas", "- [ ] buy milk\n- [ ] fix `clock.today`"),
        ("D02DIR00008", "liam", "Draft: dear reviewers, the crash is fixed in build 1311…"),
        ("D02DIR00009", "tomas", "remind me to drink water"),
        (
            "_old-handbook",
            "olga",
            "The handbook lives in the wiki now: <https://wiki.acme.example>",
        ),
        ("FC:F02CANVAS01:Roster roadmap", "amara", "Is the third quarter realistic, @tomas?"),
        ("FC:F02CANVAS01:Roster roadmap", "tomas", "If nobody is ill: yes. So: no."),
    )
    for n, (place, who, words) in enumerate(lines):
        book.say(place, who, at(10, 20 + n, 15, n), words)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=HERE / "acme-export.zip")
    parser.add_argument("--ledger", action="store_true", help="print the ledger, write nothing")
    options = parser.parse_args()
    members, ledger = make_export()
    if options.ledger:
        json.dump(ledger, sys.stdout, indent=2)
        print()
    else:
        write_zip(options.out, members)


if __name__ == "__main__":
    main()
