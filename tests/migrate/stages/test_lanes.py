"""Conversations that become one at the target: one lane, each moment once, every message read
back."""

from pathlib import Path

from adapters.conformance.migration import assert_sums, assert_verified
from adapters.conformance.workspace import Place, Workspace
from tests.migrate.stages.served import Server
from tests.migrate.stages.trial import Trial


def groups() -> tuple[Workspace, list[Place], list[str]]:
    """Two groups of the same three people, who said things in the same milliseconds."""
    workspace = Workspace()
    people = [workspace.person(name) for name in ("ann", "bob", "cat")]
    places = [workspace.group_dm(*people), workspace.group_dm(*reversed(people))]
    for place in places:
        root = place.say(people[0], f"root in {place.id}")
        place.say(people[1], f"reply in {place.id}", root=root)
    for first, second in zip(places[0].said, places[1].said, strict=True):
        second.record["ts"] = first.ts
    places[1].said[1].record["thread_ts"] = places[0].said[0].ts
    return workspace, places, people


def test_groups_of_the_same_people_are_one(tmp_path: Path) -> None:
    workspace, places, _ = groups()
    trial = Trial(tmp_path, workspace, "served")
    plan = trial.plan()
    assert plan.counts["conversations"]["create"] == 1
    assert plan.counts["conversations"]["merge"] == 1
    assert plan.counts["messages"]["send"] == 4
    assert_sums(trial.resume())
    posts = trial.holding().posts
    assert {post.conversation for post in posts} == {places[0].id}
    assert len({post.time for post in posts}) == 4
    roots = {post.ref: post.text for post in posts}
    hangs = {post.text: roots[post.root] for post in posts if post.root}
    assert hangs == {f"reply in {each.id}": f"root in {each.id}" for each in places}
    verified = assert_verified(trial)
    assert verified.checked["messages"] == 4
    assert verified.checked["conversations"] == 1


def test_what_is_one_stays_one(tmp_path: Path) -> None:
    workspace, places, people = groups()
    trial = Trial(tmp_path, workspace, "served")
    trial.run()
    places[1].say(people[2], "later", root=places[1].said[0])
    twin = workspace.group_dm(*people)
    twin.say(people[0], "a third")
    trial.export_again(workspace)
    assert_sums(trial.run())
    posts = trial.holding().posts
    assert {post.conversation for post in posts} == {places[0].id}
    assert len(posts) == 6
    assert_verified(trial)


def test_larger_groups_stay_by_themselves(tmp_path: Path) -> None:
    workspace = Workspace()
    people = [workspace.person(name) for name in ("ann", "bob", "cat", "dan")]
    for _ in range(2):
        workspace.group_dm(*people).say(people[0], "hello")
    trial = Trial(tmp_path, workspace, "served")
    assert trial.plan().counts["conversations"]["create"] == 2
    trial.resume()
    assert_verified(trial)


def test_two_channels_can_be_led_into_one(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    news, talk = workspace.channel("news", ann), workspace.channel("talk", bob)
    news.say(ann, "one")
    talk.say(bob, "two")
    trial = Trial(tmp_path, workspace, "served")
    Server(trial.folder).add("conversations", {"name": "town", "ref": "id-town"})
    for place in (news, talk):
        trial.map("channels.csv", place.id, action="map", target="town")
    plan = trial.plan()
    assert plan.counts["conversations"]["map"] == 1
    assert plan.counts["conversations"]["merge"] == 1
    assert_sums(trial.resume())
    room = trial.holding().rooms[news.id]
    assert room.members == {ann, bob}
    assert_verified(trial)
