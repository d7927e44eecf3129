"""What a directory brought, found again in the living organization: by who said what and when,
whatever people have done to it since."""

from pathlib import Path

from tests.adapters.zulip.test_going_on import GoingOn, world
from tests.adapters.zulip.test_served import channel, user
from tests.fakes.zulip import Organization


def refs(migration: GoingOn) -> dict[str, str]:
    """The refs that the project keeps of its messages, by their ts."""
    with migration.storing() as store:
        rows = store.db.execute("SELECT ts, ref FROM op WHERE kind = 5 AND piece = 0").fetchall()
    return {f"{ts // 1_000_000}.{ts % 1_000_000:06d}": ref for ts, ref in rows}


def test_messages_get_their_refs_whatever_became_of_them(tmp_path: Path) -> None:
    workspace, general, board, direct, _ = world()
    root, answer, done = general.said
    twins = [general.say(done.author, "twice", after=0.1) for _ in range(2)]
    lost = general.say(done.author, "soon gone")
    migration = GoingOn(tmp_path, workspace, "10")
    migration.run()
    organization = Organization.imported(migration.folder / "zulip", "10")
    there = organization.world
    asked, shall, finished, gone = (
        next(each for each in there.messages.values() if each.content == words)
        for words in ("shall we?", "we **shall**", "then it is done", "soon gone")
    )
    alike = [str(each.id) for each in there.messages.values() if each.content == "twice"]
    ann = user(there, "Ann Smith")
    there.delete(gone)
    finished.content = "then it was done"
    asked.topic = "moved"
    ann.name = "Ann Jones"
    there.add_message(ann, "twice", channel=channel(there, "general"), topic="moved")
    with organization.running():
        migration.go_on(organization)
        summary = migration.plan(check=True)
    codes = {each.code: each.count for each in summary.findings}
    # Two that the importer cannot look at, and one that is gone.
    assert (codes["archive-taken-over"], codes["archive-unseen"]) == (5, 2)
    assert codes["archive-message-missing"] == 1
    known = refs(migration)
    for each, here in ((root, asked), (answer, shall), (done, finished)):
        assert known[each.ts] == str(here.id)
    assert [known[each.ts] for each in twins] == alike
    for unseen in (lost, board.said[0], direct.said[0]):
        assert known[unseen.ts] == ""
