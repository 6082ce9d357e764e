"""How is one notebook executed: in which kernel, with which limits, and what is left when it breaks?"""

import contextlib
import itertools
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.report.zygote import ENVIRONMENT

__all__ = ["ENGINES", "Engine", "NotebookFailure", "fork_possible"]

ENGINES = ("fork", "kernel")
_PREFIX = "kinerja-"
_KERNEL_ARGV = ("{python}", "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False")
_LOG_TAIL = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookFailure:
    """What is left of a notebook that broke.

    Parameters
    ----------
    cell : int or None
        Number of the code cell, as the executed notebook shows it; ``None`` when the kernel did not start.
    name : str
        Name of the exception, or ``"timeout"``, ``"kernel_died"``, ``"kernel_start"``.
    text : str
        Its text, one line or more.
    notebook : str
        The notebook as far as it ran, as JSON; empty when the kernel did not start.
    """

    cell: int | None
    name: str
    text: str
    notebook: str = ""


def fork_possible() -> bool:
    """Whether this machine can fork a warm kernel (Linux with pidfd)."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and Path("/proc/self/task").exists()


class Engine:
    """Executes notebooks; a context manager, because it owns a zygote and a folder of sockets.

    Nothing is started before ``start``, so that a run with nothing to do costs nothing; ``stop`` ends every kernel.

    Parameters
    ----------
    kind : str
        ``"fork"`` (kernels forked from one warm process) or ``"kernel"`` (ordinary kernels).

    Attributes
    ----------
    kind : str
        What is really used: ``"kernel"`` where forking is not possible; ``fallback`` then says why.
    """

    def __init__(self, kind: str) -> None:
        if kind not in ENGINES:
            raise KinerjaError("unknown_engine", value=kind, choices=", ".join(ENGINES))
        self.kind = kind
        self.fallback = ""
        self._zygote: subprocess.Popen | None = None
        self._count = itertools.count(1)
        self._folder: Path | None = None
        self._managers: weakref.WeakSet = weakref.WeakSet()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Be ready to execute; a second call changes nothing."""
        if self._folder is not None:
            return
        _sweep_old_folders()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        for name in ("security", "log", "startup", "pid"):  # made here, so that kernels starting at once do not race
            (self._folder / "ipython" / "profile_default" / name).mkdir(parents=True)
        try:
            if self.kind == "fork":
                self.fallback = self._start_zygote()
                if self.fallback:
                    self.kind = "kernel"
            self._write_kernel_spec()
        except BaseException:  # Ctrl-C while the zygote warms up
            self.stop()
            raise

    def stop(self) -> None:
        """End every kernel and remove the folder of sockets; safe to call twice."""
        for manager in list(self._managers):
            process = getattr(manager.provisioner, "process", None)
            if process is not None:
                process.kill()
        if self._zygote is not None:
            self._zygote.stdin.close()  # its life line
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._zygote.wait(timeout=2)
            self._zygote.kill()
            self._zygote.wait()
            self._zygote.stdout.close()
            self._zygote = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def execute(self, notebook: Path, *, parameters: dict[str, Any], timeout: float) -> str | NotebookFailure:
        """Run a notebook in a kernel of its own.

        Parameters
        ----------
        notebook : Path
            Template notebook.
        parameters : dict
            Values of its parameters cell; text stays text.
        timeout : float
            Seconds for the whole notebook.

        Returns
        -------
        str or NotebookFailure
            The executed notebook as JSON, or how far it came.
        """
        from jupyter_client import AsyncKernelManager
        from papermill import execute_notebook
        from papermill.engines import papermill_engines
        from papermill.exceptions import PapermillExecutionError
        from traitlets import default
        from traitlets.config import Config

        from kinerja_lab.report.recording import RecordingEngine

        papermill_engines.register("kinerja", RecordingEngine)
        # What goes wrong is in the record; it need not be on stderr too.
        logging.getLogger("papermill").addHandler(logging.NullHandler())
        if self._folder is None:
            return NotebookFailure(cell=None, name="kernel_start", text="the engine is not started")
        folder, managers = self._folder, self._managers

        class RunKernelManager(AsyncKernelManager):
            def __init__(manager, **options):
                super().__init__(**options)
                managers.add(manager)

            @default("kernel_spec_manager")
            def _specs_of_this_run(self):
                from jupyter_client.kernelspec import KernelSpecManager

                return KernelSpecManager(kernel_dirs=[str(folder / "kernels")])

        output = folder / f"{next(self._count)}.ipynb"
        manager: dict[str, object] = {"connection_file": str(output.with_suffix(".json"))}
        if sys.platform != "win32":
            manager["transport"] = "ipc"  # two kernels starting at once can race for a TCP port, never for a file name
        deadline = time.monotonic() + timeout
        try:
            execute_notebook(
                str(notebook), str(output), parameters=parameters, engine_name="kinerja", kernel_name="kinerja",
                language="python", progress_bar=False, request_save_on_cell_execute=False, autosave_cell_every=0,
                start_timeout=min(60, max(1, int(timeout))), shutdown_kernel="immediate",
                timeout_func=lambda cell: max(0.05, deadline - time.monotonic()),
                iopub_timeout=max(4, min(120, int(timeout / 4))),  # the numbers of 514 regions need more than 4 seconds
                kernel_manager_class=RunKernelManager, config=Config({"RunKernelManager": manager}),
            )
        except PapermillExecutionError as error:
            return NotebookFailure(cell=error.exec_count, name=error.ename, text=error.evalue,
                                   notebook=output.read_text(encoding="utf-8"))
        except (RuntimeError, OSError) as error:  # the kernel did not start
            return NotebookFailure(cell=None, name="kernel_start", text=str(error))
        return output.read_text(encoding="utf-8")

    def _start_zygote(self) -> str:
        """Start the zygote and wait until it is warm; returns why it cannot be used, or an empty string."""
        if not fork_possible():
            return "platform"
        address = str(self._folder / "z")
        with (self._folder / "zygote.log").open("wb") as log:
            self._zygote = subprocess.Popen(
                [sys.executable, "-m", "kinerja_lab.report.zygote", address], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, env={**os.environ, **ENVIRONMENT}, start_new_session=True,
            )
        line = self._zygote.stdout.readline()
        if not line:
            return (self._folder / "zygote.log").read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].strip()
        ready = json.loads(line)
        return "" if ready["threads"] == 1 else f"{ready['threads']} threads"

    def _write_kernel_spec(self) -> None:
        # A folder of its own for IPython, so that the user's start-up files stay out of reports.
        env = {**ENVIRONMENT, "IPYTHONDIR": str(self._folder / "ipython")}
        spec = {"argv": [part.replace("{python}", sys.executable) for part in _KERNEL_ARGV], "display_name": "kinerja",
                "language": "python", "env": env, "metadata": {}}
        if self.kind == "fork":
            spec["metadata"] = {"kernel_provisioner": {
                "provisioner_name": "kinerja-fork", "config": {"address": str(self._folder / "z")}}}
        target = self._folder / "kernels" / "kinerja"
        target.mkdir(parents=True)
        (target / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def _sweep_old_folders() -> None:
    """Remove the socket folders of runs that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = left.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and os.name == "posix" and not _alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
