"""How does a file appear whole or not at all?"""

import os
import tempfile
from pathlib import Path

__all__ = ["umask", "write_whole"]


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file so that a reader finds the old content or the new, never a part.

    Parameters
    ----------
    path : Path
        Target; its folder is made when absent.
    content : bytes or str
        Text is written as UTF-8.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".baru-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o666 & ~umask())  # mkstemp makes files that only the owner can read
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def umask() -> int:
    """Permission bits that new files of this process do not get."""
    current = os.umask(0o022)
    os.umask(current)
    return current
