"""``kinerja lab``: JupyterLab in the notebooks, on the start page."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kinerja_lab.cli.console import say, words
from kinerja_lab.core.errors import KinerjaError

__all__ = ["notebooks_folder", "open_lab", "start_page"]


def notebooks_folder() -> Path:
    """The folder of the notebooks: here or above, else the project's own.

    Raises
    ------
    KinerjaError
        ``cli_no_notebooks``.
    """
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if (folder / "notebooks").is_dir():
            return folder / "notebooks"
    raise KinerjaError("cli_no_notebooks", folder=str(here))


def start_page(folder: Path) -> str:
    """The notebook that JupyterLab opens first: the first by name, as they are numbered along the path."""
    found = sorted(path.name for path in folder.glob("*.ipynb"))
    return f"/lab/tree/{found[0]}" if found else "/lab"


def open_lab(*, lang: str, extra: Sequence[str] = ()) -> int:
    """Run JupyterLab until it is stopped; returns its exit code.

    Parameters
    ----------
    lang : str
        ``"id"`` or ``"en"``.
    extra : sequence of str
        Further options of JupyterLab.
    """
    folder = notebooks_folder()
    if importlib.util.find_spec("jupyterlab") is None:
        raise KinerjaError("cli_no_jupyterlab")
    say(words(lang).text("cli.lab", folder=str(folder)))
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}",
               f"--LabApp.default_url={start_page(folder)}", *extra]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # a container has no other user; the server listens on this machine only
    return subprocess.run(command, env={**os.environ, "KINERJA_LANG": lang}, check=False).returncode
