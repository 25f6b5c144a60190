"""Files that are stored whole or not at all, even when the disk is full, and never without their row."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files.storage import FileSystemStorage
from django.db import OperationalError, transaction

if TYPE_CHECKING:
    from django.core.files import File
    from django.core.files.storage import Storage

# Without what the settings say.
READABLE = 0o644
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
# What PostgreSQL says when its own disk is full.
DISK_FULL = "53100"
_written: ContextVar[list[tuple[Storage, str]] | None] = ContextVar("written", default=None)


class WholeFileStorage(FileSystemStorage):
    """Write a file apart, down to the disk, then give it its name: what stops on the way leaves nothing under that name."""

    def _save(self, name: str, content: File[bytes]) -> str:
        root = Path(self.location)
        root.mkdir(parents=True, exist_ok=True)
        handle, apart = tempfile.mkstemp(prefix=".arriving-", dir=root)
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in content.chunks():
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            Path(apart).chmod(self.file_permissions_mode or READABLE)
            stored = self._named(apart, name)
        finally:
            Path(apart).unlink(missing_ok=True)
        if (written := _written.get()) is not None:
            written.append((self, stored))
        return stored

    def _named(self, apart: str, name: str) -> str:
        """Give a written file its name, or another one when that is taken."""
        while True:
            final = Path(self.path(name))
            final.parent.mkdir(parents=True, exist_ok=True)
            try:
                final.touch(exist_ok=False)
            except FileExistsError:
                name = self.get_available_name(name)
                continue
            try:
                Path(apart).replace(final)
            except BaseException:
                final.unlink()
                raise
            return name


@contextmanager
def rows_and_files() -> Iterator[None]:
    """A transaction whose files go with its rows: what was stored in it is deleted when it is not committed."""
    outer, written = _written.get(), list[tuple["Storage", str]]()
    token = _written.set(written)
    try:
        with transaction.atomic():
            yield
    except BaseException:
        for storage, name in written:
            storage.delete(name)
        raise
    finally:
        _written.reset(token)
    if outer is not None:
        outer += written


def has_no_room(error: BaseException | None) -> bool:
    """Whether something failed because a disk is full: that of the files, or that of the database."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return True
    if isinstance(error, OperationalError):
        return getattr(error.__cause__, "sqlstate", None) == DISK_FULL
    return False
