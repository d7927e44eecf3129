"""Mapping files as text: what a spreadsheet makes of them is read, what is wrong is named by line,
and what a person wrote is kept."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.overrides import (
    CONVERSATIONS,
    EMOJI,
    PEOPLE,
    ConversationRow,
    MappingError,
    PersonRow,
)

HEADER = "slack_id,name,full_name,email,kind,action,target,note\n"
ROOMS = "slack_id,name,kind,members,action,target,private,note\n"


@pytest.mark.parametrize(
    ("sheet", "columns"),
    [
        (PEOPLE, HEADER),
        (CONVERSATIONS, ROOMS),
        (EMOJI, "name,action,target,note\n"),
    ],
)
def test_the_columns_are_the_documented_ones(sheet: object, columns: str) -> None:
    assert isinstance(sheet, type(PEOPLE))
    assert sheet.write([]) == columns


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "U1,ann,Ann,,member,ghost,,hi\n",
        HEADER.replace("\n", "\r\n") + "U1,ann,Ann,,member,ghost,,hi\r\n",
        "\ufeff" + HEADER + "U1,ann,Ann,,member,ghost,,hi",
        '"slack_id","name","full_name","email","kind","action","target","note"\n'
        '"U1","ann","Ann","","member","ghost","","hi"\n',
        HEADER + " U1 , ann ,Ann,, member , ghost ,, hi \n",
        "note,target,action,kind,email,full_name,name,slack_id\nhi,,ghost,member,,Ann,ann,U1\n",
        " slack_id,name ,full_name,email,kind,action,target,note\nU1,ann,Ann,,member,ghost,,hi\n",
        HEADER + "\nU1,ann,Ann,,member,ghost,,hi\n\n",
    ],
    ids=["plain", "crlf", "bom", "quoted", "spaces", "moved", "spaced header", "blank lines"],
)
def test_what_a_spreadsheet_makes_of_it_is_read(text: str) -> None:
    assert PEOPLE.read(text) == {
        "U1": PersonRow(
            slack_id="U1", name="ann", full_name="Ann", kind="member", action="ghost", note="hi"
        )
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no column 'slack_id'"),
        ("slack_id,name\n", "no column 'full_name'"),
        (HEADER.replace("note", "note,colour"), "unknown column 'colour'"),
        (HEADER + "U1,a,,,,ghost,,\n,b,,,,ghost,,\n", "line 3: the column slack_id is empty"),
        (HEADER + "U1,a,,,,gost,,\n", "line 2: unknown action 'gost' (one of map, create"),
        (HEADER + "U1,a,,,,,,\n", "line 2: unknown action ''"),
        (HEADER + "U1,a,,,,ghost,,\nU1,b,,,,skip,,\n", "line 3: U1 stands twice"),
        (HEADER.replace(",", ";") + "U1;a;;;;ghost;;\n", "no column"),
        (HEADER + "U1,a\n", "line 2: unknown action ''"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, told: str) -> None:
    with pytest.raises(MappingError) as raised:
        PEOPLE.read(text)
    assert told in str(raised.value)
    assert "users.csv" in str(raised.value)


@pytest.mark.parametrize("private", ["maybe", "YES", "1", "true"])
def test_private_is_yes_or_no(private: str) -> None:
    with pytest.raises(MappingError) as raised:
        CONVERSATIONS.read(ROOMS + f"C1,general,public,3,create,,{private},\n")
    assert "channels.csv line 2: private is neither yes nor no" in str(raised.value)


@pytest.mark.parametrize("private", ["yes", "no", ""])
def test_private_may_be_left_open(private: str) -> None:
    rows = CONVERSATIONS.read(ROOMS + f"C1,general,public,3,create,,{private},\n")
    assert rows["C1"].private == private


def test_what_stands_there_comes_first_and_as_it_is() -> None:
    kept = {"C2": ConversationRow(slack_id="C2", name="old", target="lobby", note="ours")}
    proposed = [ConversationRow(slack_id=id, name="new") for id in ("C1", "C2", "C3")]
    rows = CONVERSATIONS.propose(kept, proposed)
    assert [row.slack_id for row in rows] == ["C2", "C1", "C3"]
    assert rows[0] == kept["C2"]


def test_empty_cells_of_some_columns_are_filled_and_no_others() -> None:
    kept = {
        "U1": PersonRow(slack_id="U1", action="skip", note="mine"),
        "U2": PersonRow(slack_id="U2", email="own@host.example"),
    }
    proposed = [PersonRow(slack_id=id, name="new", email=f"{id}@a") for id in ("U1", "U2", "U3")]
    rows = PEOPLE.propose(kept, proposed, fill=("email",))
    assert rows == [
        PersonRow(slack_id="U1", action="skip", note="mine", email="U1@a"),
        kept["U2"],
        proposed[2],
    ]
    assert PEOPLE.propose(kept, proposed)[:2] == list(kept.values())


CELL = st.text(st.characters(codec="utf-8"), max_size=20).map(
    # NUL is no text for csv, and white space at the edges is not a person's intention.
    lambda text: text.replace("\0", "").replace("\r", "").strip()
)


@given(
    st.lists(
        st.builds(
            PersonRow,
            slack_id=CELL.filter(bool),
            name=CELL,
            full_name=CELL,
            email=CELL,
            kind=CELL,
            action=st.sampled_from(["ghost", "merge", "skip"]),
            target=CELL,
            note=CELL,
        ),
        unique_by=lambda row: row.slack_id,
        max_size=5,
    )
)
def test_what_is_written_is_read_again(rows: list[PersonRow]) -> None:
    text = PEOPLE.write(rows)
    assert list(PEOPLE.read(text).values()) == rows
    assert PEOPLE.write(PEOPLE.read(text).values()) == text


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_rows_or_one_sentence(text: str) -> None:
    try:
        PEOPLE.read(HEADER + text)
    except MappingError as error:
        assert "users.csv" in str(error)


def test_a_cell_may_hold_commas_quotes_and_lines() -> None:
    row = PersonRow(slack_id="U1", note='says "hi, there"\nand goes')
    (written,) = list(csv.DictReader(io.StringIO(PEOPLE.write([row]), newline="")))
    assert written["note"] == row.note


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_lines_of_any_system_stay_within_their_cell(end: str) -> None:
    row = PersonRow(slack_id="U1", full_name=f"Ann{end}Ames", note="x")
    assert PEOPLE.read(PEOPLE.write([row]))["U1"].full_name == "Ann\nAmes"
