"""Bodies on their way to the server: as a form that is made while it is sent, so that none is held
in memory. Where they go is `uploads`."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from urllib3.fields import RequestField

_CHUNK = 256 * 1024


class Envelope:
    """A form of one field, `file`, as requests streams it: its length is known beforehand, and it
    can be read once more."""

    def __init__(self, path: Path, name: str, mimetype: str) -> None:
        boundary = secrets.token_hex(16)
        field = RequestField("file", b"", name)
        field.make_multipart(content_type=mimetype or "application/octet-stream")
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._path = path
        self._head = f"--{boundary}\r\n{field.render_headers()}".encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._size = path.stat().st_size

    def __len__(self) -> int:
        return len(self._head) + self._size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        with self._path.open("rb") as body:
            while chunk := body.read(_CHUNK):
                yield chunk
        yield self._tail
