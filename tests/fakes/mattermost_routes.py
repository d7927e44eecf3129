"""The API of a fake Mattermost server: who may ask what, and how it is answered."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.mattermost_world import Json, Refusal, World

if TYPE_CHECKING:
    from tests.fakes.mattermost import FakeMattermost

_OK = {"status": "OK"}


class Routes:
    def __init__(self, server: "FakeMattermost") -> None:
        self._server = server

    @property
    def _world(self) -> World:
        return self._server.world

    def add(self, app: web.Application) -> None:
        for line in _TABLE.strip().splitlines():
            verb, path, name = line.split()
            app.router.add_route(verb, f"/api/v4{path}", getattr(self, name))

    # -- who asks --------------------------------------------------------------------------------

    def _caller(self, request: web.Request) -> Json:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        user = self._world.users.get(self._server.tokens.get(token, ""))
        if user is None or user["delete_at"]:
            raise Refusal(401, "api.context.session_expired.app_error")
        return user

    def _admin(self, request: web.Request) -> Json:
        user = self._caller(request)
        if "system_admin" not in user["roles"]:
            raise Refusal(403, "api.context.permissions.app_error")
        return user

    def _reader(self, request: web.Request, channel: str) -> Json:
        """Whoever is in a channel may read it, and an admin any."""
        user = self._caller(request)
        place = self._world.channels.get(channel)
        if place is None:
            raise Refusal(404, "app.channel.get.existing.app_error")
        if (channel, user["id"]) not in self._world.seats:
            self._admin(request)
        return place

    # -- the server ------------------------------------------------------------------------------

    async def ping(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "OK"})

    async def client_settings(self, request: web.Request) -> web.Response:
        told = {"Version": self._world.version, "MaxPostSize": "16383"}
        told["MaxFileSize"] = str(self._server.file_limit)
        return web.json_response(told | self._server.settings)

    async def configuration(self, request: web.Request) -> web.Response:
        self._admin(request)
        teams = {"MaxUsersPerTeam": self._world.max_users,
                 "MaxChannelsPerTeam": self._world.max_channels}  # fmt: skip
        return web.json_response(
            {"TeamSettings": teams, "JobSettings": {"RunJobs": self._server.runs_jobs}}
        )

    async def client_licence(self, request: web.Request) -> web.Response:
        return web.json_response(self._server.licence)

    async def server_limits(self, request: web.Request) -> web.Response:
        self._caller(request)
        if not self._world.modern:
            raise web.HTTPNotFound
        active = [u for u in self._world.users.values() if not u["delete_at"]]
        return web.json_response(self._server.limits | {"activeUserCount": len(active)})

    # -- people ----------------------------------------------------------------------------------

    async def me(self, request: web.Request) -> web.Response:
        return web.json_response(self._caller(request))

    async def users(self, request: web.Request) -> web.Response:
        self._caller(request)
        team = request.query.get("in_team")
        listed = [
            user
            for user in sorted(self._world.users.values(), key=lambda user: user["username"])
            if team is None or (team, user["id"]) in self._world.team_seats
        ]
        return web.json_response(_page(request, listed))

    async def user_by_name(self, request: web.Request) -> web.Response:
        self._caller(request)
        user = self._world.user_named(request.match_info["name"])
        if user is None:
            raise Refusal(404, "app.user.get_by_username.app_error")
        return web.json_response(user)

    async def make_user(self, request: web.Request) -> web.Response:
        self._admin(request)
        body = await request.json()
        if self._world.user_named(body["username"]):
            raise Refusal(400, "app.user.save.username_exists.app_error")
        user = self._world.make_user(body["username"], body["email"].lower(), "system_user")
        self._world.passwords[body["username"]] = body["password"]
        return web.json_response(user, status=201)

    async def sign_in(self, request: web.Request) -> web.Response:
        body = await request.json()
        user = self._world.user_named(body["login_id"])
        right = self._world.passwords.get(body["login_id"]) == body["password"]
        if user is None or not right or user["delete_at"]:
            raise Refusal(401, "api.user.login.invalid_credentials_email_username")
        token = self._server.give_token(body["login_id"])
        return web.json_response(user, headers={"Token": token})

    # -- teams -----------------------------------------------------------------------------------

    async def team_by_name(self, request: web.Request) -> web.Response:
        self._caller(request)
        team = self._world.team_named(request.match_info["name"])
        if team is None:
            raise Refusal(404, "app.team.get_by_name.missing.app_error")
        return web.json_response(team)

    async def team_member(self, request: web.Request) -> web.Response:
        self._caller(request)
        found = self._world.team_seats.get((request.match_info["team"], request.match_info["user"]))
        if found is None:
            raise Refusal(404, "app.team.get_member.missing.app_error")
        return web.json_response(found)

    async def join_team(self, request: web.Request) -> web.Response:
        self._admin(request)
        body = await request.json()
        key = (request.match_info["team"], body["user_id"])
        world = self._world
        if key not in world.team_seats:
            guest = "guest" in world.users[body["user_id"]]["roles"]
            world.seat_in_team(*key, guest=guest)
            square = world.channel_named(key[0], "town-square")
            if square is not None and not guest:
                world.seat(square["id"], key[1], guest=False)
                world.tell(square["id"], key[1], "system_join_team")
        return web.json_response(world.team_seats[key], status=201)

    async def channel_by_name(self, request: web.Request) -> web.Response:
        self._caller(request)
        deleted = request.query.get("include_deleted") == "true"
        channel = self._world.channel_named(
            request.match_info["team"], request.match_info["name"], deleted=deleted
        )
        if channel is None:
            raise Refusal(404, "app.channel.get_by_name.missing.app_error")
        self._reader(request, channel["id"])
        return web.json_response(channel)

    # -- channels --------------------------------------------------------------------------------

    async def channels(self, request: web.Request) -> web.Response:
        self._admin(request)
        deleted = request.query.get("include_deleted") == "true"
        listed = [
            channel
            for channel in self._world.channels.values()
            if channel["team_id"] and (deleted or not channel["delete_at"])
        ]
        return web.json_response(_page(request, sorted(listed, key=lambda each: each["name"])))

    async def channel_members(self, request: web.Request) -> web.Response:
        channel = self._reader(request, request.match_info["channel"])
        seats = [seat for (place, _), seat in self._world.seats.items() if place == channel["id"]]
        return web.json_response(_page(request, seats))

    async def channel_member(self, request: web.Request) -> web.Response:
        self._reader(request, request.match_info["channel"])
        key = (request.match_info["channel"], request.match_info["user"])
        if key not in self._world.seats:
            raise Refusal(404, "app.channel.get_member.missing.app_error")
        return web.json_response(self._world.seats[key])

    async def join_channel(self, request: web.Request) -> web.Response:
        admin = self._admin(request)
        channel = self._reader(request, request.match_info["channel"])
        world, user = self._world, world_user(self._world, (await request.json())["user_id"])
        if user["delete_at"] and world.modern:
            raise Refusal(403, "app.channel.add_member.deleted_user.app_error")
        if (channel["team_id"], user["id"]) not in world.team_seats:
            raise Refusal(404, "app.team.get_member.missing.app_error")
        key = (channel["id"], user["id"])
        if key not in world.seats:
            guest = "guest" in user["roles"]
            world.seat(*key, guest=guest)
            names = {"addedUserId": user["id"], "addedUsername": user["username"]}
            kind = "system_add_guest_to_chan" if guest else "system_add_to_channel"
            world.tell(channel["id"], admin["id"], kind, **names)
        return web.json_response(world.seats[key], status=201)

    async def view_channel(self, request: web.Request) -> web.Response:
        self._admin(request)
        channel = world_channel(self._world, (await request.json())["channel_id"])
        seat = self._world.seats.get((channel["id"], request.match_info["user"]))
        if seat is None:
            raise Refusal(403, "api.context.permissions.app_error")
        seat |= {"msg_count": channel["total_msg_count"], "last_viewed_at": channel["last_post_at"],
                 "msg_count_root": channel["total_msg_count_root"]}  # fmt: skip
        return web.json_response(_OK)

    async def archive_channel(self, request: web.Request) -> web.Response:
        admin = self._admin(request)
        channel = world_channel(self._world, request.match_info["channel"])
        if channel["delete_at"]:
            raise Refusal(400, "api.channel.delete_channel.deleted.app_error")
        self._world.tell(channel["id"], admin["id"], "system_channel_deleted")
        channel["delete_at"] = self._world.now()
        return web.json_response(_OK)

    async def restore_channel(self, request: web.Request) -> web.Response:
        admin = self._admin(request)
        channel = world_channel(self._world, request.match_info["channel"])
        channel["delete_at"] = 0
        self._world.tell(channel["id"], admin["id"], "system_channel_restored")
        return web.json_response(channel)

    async def posts(self, request: web.Request) -> web.Response:
        """The newest first; `after` a post, those that came next."""
        channel = self._reader(request, request.match_info["channel"])
        listed = self._world.channel_posts(channel["id"])
        size = min(int(request.query.get("per_page", "60")), 200)
        after = request.query.get("after")
        if after:
            time = self._world.posts[after]["create_at"]
            listed = [post for post in listed if post["create_at"] > time][-size:]
        else:
            listed = _page(request, listed)
        order = [post["id"] for post in listed]
        held = {post["id"]: self._world.shown(post) for post in listed}
        for post in listed:
            if post["root_id"]:
                root = self._world.posts[post["root_id"]]
                held.setdefault(root["id"], self._world.shown(root))
        return web.json_response(
            {"order": order, "posts": held, "next_post_id": "", "prev_post_id": ""}
        )

    async def delete_post(self, request: web.Request) -> web.Response:
        self._admin(request)
        post = self._world.posts.get(request.match_info["post"])
        if post is None or post["delete_at"]:
            raise Refusal(404, "app.post.get.app_error")
        if not self._world.modern and self._world.channels[post["channel_id"]]["delete_at"]:
            raise Refusal(400, "api.post.delete_post.can_not_delete_post_in_deleted.error")
        post["delete_at"] = self._world.now()
        return web.json_response(_OK)

    # -- uploads and jobs ------------------------------------------------------------------------

    async def open_upload(self, request: web.Request) -> web.Response:
        admin = self._admin(request)
        body = await request.json()
        if self._server.settings["EnableFileAttachments"] != "true":
            raise Refusal(501, "api.file.attachments.disabled.app_error")
        if body["file_size"] > self._server.file_limit:
            raise Refusal(413, "api.upload.create.upload_too_large.app_error")
        if body["file_size"] <= 0:
            raise Refusal(400, "model.upload_session.is_valid.file_size.app_error")
        upload = {
            "id": self._world.id(), "type": body["type"], "create_at": self._world.now(),
            "user_id": admin["id"], "filename": body["filename"], "file_size": body["file_size"],
            "file_offset": 0,
        }  # fmt: skip
        self._server.uploads[upload["id"]] = upload
        self._server.chunks[upload["id"]] = bytearray()
        return web.json_response(upload, status=201)

    async def upload(self, request: web.Request) -> web.Response:
        self._caller(request)
        return web.json_response(self._upload(request))

    async def put_chunk(self, request: web.Request) -> web.Response:
        self._admin(request)
        upload = self._upload(request)
        data = await request.read()
        missing = upload["file_size"] - upload["file_offset"]
        if len(data) > missing:
            raise Refusal(400, "api.upload.upload_data.invalid_content_length")
        if not upload["file_offset"] and len(data) < min(missing, self._server.first_chunk):
            raise Refusal(400, "app.upload.upload_data.first_part_too_small.app_error")
        held = self._server.chunks[upload["id"]]
        held += data
        upload["file_offset"] += len(data)
        if len(data) < missing:
            return web.Response(status=204)
        del self._server.uploads[upload["id"]]
        self._server.imports[f"{upload['id']}_{upload['filename']}"] = bytes(held)
        info = {"id": self._world.id(), "name": upload["filename"], "size": len(held)}
        return web.json_response(info)

    async def uploads(self, request: web.Request) -> web.Response:
        me = self._caller(request)["id"]
        mine = [each for each in self._server.uploads.values() if each["user_id"] == me]
        return web.json_response(mine)

    async def imports(self, request: web.Request) -> web.Response:
        self._admin(request)
        return web.json_response(sorted(self._server.imports))

    async def delete_import(self, request: web.Request) -> web.Response:
        """No harm is done where there is none of this name."""
        self._admin(request)
        if not self._world.modern:
            raise web.HTTPNotFound
        self._server.imports.pop(request.match_info["name"], None)
        return web.json_response(_OK)

    async def start_job(self, request: web.Request) -> web.Response:
        self._admin(request)
        body = await request.json()
        if not all(isinstance(value, str) for value in body["data"].values()):
            raise Refusal(400, "api.context.invalid_body_param.app_error")
        job = {
            "id": self._world.id(), "type": body["type"], "priority": 0,
            "create_at": self._world.now(), "start_at": 0, "last_activity_at": 0,
            "status": "pending", "progress": 0, "data": dict(body["data"]),
        }  # fmt: skip
        self._server.jobs[job["id"]] = job
        return web.json_response(job, status=201)

    async def job(self, request: web.Request) -> web.Response:
        self._admin(request)
        job = self._server.jobs.get(request.match_info["job"])
        if job is None:
            raise Refusal(404, "app.job.get.app_error")
        return web.json_response(job)

    async def jobs(self, request: web.Request) -> web.Response:
        self._admin(request)
        listed = [j for j in self._server.jobs.values() if j["type"] == request.match_info["type"]]
        return web.json_response(_page(request, listed[::-1]))

    async def cancel_job(self, request: web.Request) -> web.Response:
        self._admin(request)
        job = self._server.jobs[request.match_info["job"]]
        job["status"] = "canceled" if job["status"] == "pending" else "cancel_requested"
        return web.json_response(_OK)

    def _upload(self, request: web.Request) -> Json:
        upload = self._server.uploads.get(request.match_info["upload"])
        if upload is None:
            raise Refusal(404, "app.upload.get.app_error")
        return upload


def world_user(world: World, id: str) -> Json:
    if id not in world.users:
        raise Refusal(404, "app.user.missing_account.const")
    return world.users[id]


def world_channel(world: World, id: str) -> Json:
    if id not in world.channels:
        raise Refusal(404, "app.channel.get.existing.app_error")
    return world.channels[id]


def _page(request: web.Request, listed: Iterable[Json]) -> list[Json]:
    number = int(request.query.get("page", "0"))
    size = min(int(request.query.get("per_page", "60")), 200)
    return list(listed)[number * size : (number + 1) * size]


_TABLE = """
GET /system/ping ping
GET /config/client client_settings
GET /config configuration
GET /license/client client_licence
GET /limits/server server_limits
GET /users/me me
GET /users/me/uploads uploads
GET /users users
POST /users make_user
POST /users/login sign_in
GET /users/username/{name} user_by_name
GET /teams/name/{name} team_by_name
GET /teams/{team}/members/{user} team_member
POST /teams/{team}/members join_team
GET /teams/{team}/channels/name/{name} channel_by_name
GET /channels channels
POST /channels/members/{user}/view view_channel
GET /channels/{channel}/members channel_members
POST /channels/{channel}/members join_channel
GET /channels/{channel}/members/{user} channel_member
GET /channels/{channel}/posts posts
DELETE /channels/{channel} archive_channel
POST /channels/{channel}/restore restore_channel
DELETE /posts/{post} delete_post
POST /uploads open_upload
GET /uploads/{upload} upload
POST /uploads/{upload} put_chunk
GET /imports imports
DELETE /imports/{name} delete_import
POST /jobs start_job
GET /jobs/{job} job
POST /jobs/{job}/cancel cancel_job
GET /jobs/type/{type} jobs
"""
"""Verb, path and handler; the first that fits is taken."""
