"""How does a file or folder appear whole or not at all, and how do two runs keep out of each other's way?"""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io.whole_files import umask, write_whole

__all__ = ["file_sha256", "folder_name", "json_text", "locked", "publish_folder", "remove_staging"]

STAGING = ".sedang-dibuat"
LOCK = ".kunci"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def json_text(value: object) -> str:
    """Strict JSON: sorted keys, no NaN, text as it is written."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)


def folder_name(code: str) -> str:
    """A code as a folder name; what is not a letter, digit, dot, hyphen or underscore is written as hexadecimal.

    Examples
    --------
    >>> folder_name("52.71.03")
    '52.71.03'
    >>> folder_name("../a")
    '_2e2e2f_a'
    """
    if _PLAIN.fullmatch(code):
        return code
    return re.sub(r"^\.+[^A-Za-z0-9]*|[^A-Za-z0-9._-]+", lambda found: f"_{found[0].encode().hex()}_", code) or "_"


def publish_folder(target: Path, files: Mapping[str, bytes | str], *, root: Path) -> None:
    """Put a set of files in place as one folder; an older folder of that name goes away in the same step.

    Parameters
    ----------
    target : Path
        Folder that shall hold exactly these files.
    files : mapping of str to bytes or str
        File name and content, written in this order.
    root : Path
        Folder on the same file system under which the work is staged; ``remove_staging`` clears what a killed run
        left.
    """
    staging = root / STAGING
    staging.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=staging, prefix="baru-"))
    new.chmod(0o777 & ~umask())
    for name, content in files.items():
        write_whole(new / name, content)
    old = Path(tempfile.mkdtemp(dir=staging, prefix="lama-"))
    if target.exists():
        target.rename(old / target.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    new.rename(target)
    shutil.rmtree(old)


def remove_staging(root: Path) -> None:
    """Clear what a run that was killed left behind."""
    shutil.rmtree(root / STAGING, ignore_errors=True)
    for left in root.rglob(".baru-*"):
        left.unlink(missing_ok=True)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold a folder for one run; the operating system frees it when the process ends, however it ends.

    Raises
    ------
    KinerjaError
        ``run_locked`` when another run holds it.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK).open("a+b") as stream:
        if not _try_lock(stream.fileno()):
            raise KinerjaError("run_locked", folder=str(root))
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        import msvcrt
        take = lambda: msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # noqa: E731
    else:
        take = lambda: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # noqa: E731
    try:
        take()
    except OSError:
        return False
    return True
