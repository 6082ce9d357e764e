"""How does a region get a fresh kernel without waiting seconds for imports?

A zygote is a process that has imported everything and made nothing: no loop, no context, no thread. Each kernel is a
fork of it, so it starts in milliseconds and no state can pass from one region to the next. The driver starts one zygote
a run with ``python -m kinerja_lab.report.zygote SOCKET`` and asks for forks through the socket; the zygote's standard
input is its life line: when the driver is gone it ends, and every kernel ends with it.

Linux only (``/proc``, ``prctl``, pidfd). Elsewhere the engine starts ordinary kernels.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import time
import traceback
from pathlib import Path

__all__ = ["ENVIRONMENT", "ForkedProcess", "ask_for_fork", "serve"]

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow's allocator starts a thread when it is loaded
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONHASHSEED": "0",
}
"""What a kernel's process needs in its environment before its first import."""

PRELOAD = (
    "numpy", "pandas", "scipy.stats", "scipy.optimize", "statsmodels.api", "matplotlib.pyplot", "pyarrow.parquet",
    "duckdb", "ibis", "ibis.backends.duckdb", "pandera.pandas", "pydantic", "ruamel.yaml", "lokal", "babel.numbers",
    "babel.dates", "IPython", "ipykernel.ipkernel", "ipykernel.kernelapp",
)
DENIED = ("polars", "torch", "ray", "distributed", "debugpy", "matplotlib_inline.backend_inline")
"""Not imported before the fork: they start threads; the last makes a forked kernel lose every picture."""
OWN_SKIPPED = ("kinerja_lab.cli", "kinerja_lab.__main__", "kinerja_lab.workshop", "kinerja_lab.report.provisioner",
               "kinerja_lab.report.template")

_PR_SET_PDEATHSIG = 1
_LINE_LIMIT = 1 << 20
_REAP_MILLISECONDS = 500


class ForkedProcess:
    """A kernel that is the zygote's child, seen from the driver; as much of ``subprocess.Popen`` as Jupyter asks for.

    Parameters
    ----------
    pid : int
        Process number.
    descriptor : int
        pidfd of the process: it can never mean another process that got the same number later.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._descriptor = descriptor

    def poll(self) -> int | None:
        """``None`` while it runs, else -1 (the exit code is known to the zygote only, and nobody needs it)."""
        watch = select.poll()
        watch.register(self._descriptor, select.POLLIN)
        return -1 if watch.poll(0) else None

    def wait(self) -> int:
        """Wait for its end."""
        watch = select.poll()
        watch.register(self._descriptor, select.POLLIN)
        watch.poll()
        return -1

    def send_signal(self, number: int) -> None:
        """Send a signal; a process that has ended is left in peace."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def __del__(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def ask_for_fork(address: str, *, argv: list[str], env: dict[str, str], cwd: str) -> ForkedProcess:
    """A new kernel from the zygote at an address.

    Raises
    ------
    RuntimeError
        When the zygote refuses (it has threads) or is gone; the reason is in the text.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(address)
        line.sendall(json.dumps({"argv": argv, "env": env, "cwd": cwd}).encode() + b"\n")
        data, descriptors, _, _ = socket.recv_fds(line, _LINE_LIMIT, 1)
    reply = json.loads(data or b'{"error": "the zygote has ended"}')
    if "error" in reply:
        raise RuntimeError(f"no fork: {reply['error']}")
    return ForkedProcess(reply["pid"], descriptors[0])


def threads_here() -> int:
    """Threads of this process."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


class _Denier:
    """Refuses some packages. ``sys.modules[name] = None`` would break libraries that look names up there."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if any(name == denied or name.startswith(f"{denied}.") for denied in DENIED):
            raise ModuleNotFoundError(f"{name} is not imported before the fork", name=name)


def preload() -> list[str]:
    """Import what reports need; returns what could not be imported, in words."""
    denier, failed = _Denier(), []
    sys.meta_path.insert(0, denier)
    try:
        import kinerja_lab

        own = (info.name for info in pkgutil.walk_packages(kinerja_lab.__path__, "kinerja_lab.")
               if not info.name.startswith(OWN_SKIPPED) and info.name != __spec__.name)
        for name in (*PRELOAD, *own):
            try:
                importlib.import_module(name)
            except Exception as error:  # a kernel that needs it will fail with the same words, in its region's record
                failed.append(f"{name}: {error!r}")
    finally:
        sys.meta_path.remove(denier)
    return failed


def serve(address: str) -> None:
    """Answer requests until standard input ends. Runs in the zygote's own process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    failed = preload()
    gc.collect()
    gc.freeze()  # pages of these objects stay shared with the forks
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(address)
        listener.listen(64)
        sys.stdout.write(json.dumps({"threads": threads_here(), "failed": failed}) + "\n")
        sys.stdout.flush()
        watch = select.poll()
        watch.register(0, select.POLLIN | select.POLLHUP)
        watch.register(listener, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in watch.poll(_REAP_MILLISECONDS)}
            _reap()
            if 0 in ready:
                return
            if not ready:
                continue
            line, _ = listener.accept()
            with line:
                _answer(line, listener)


def _reap() -> None:
    """Collect kernels that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue


def _answer(line: socket.socket, listener: socket.socket) -> None:
    with line.makefile("rb") as stream:
        request = json.loads(stream.readline(_LINE_LIMIT) or b"{}")
    if not request:
        return
    if threads_here() != 1:
        # A fork copies only the thread that asks for it: locks held by the others would stay locked for ever.
        line.sendall(json.dumps({"error": f"the warm process has {threads_here()} threads"}).encode())
        return
    zygote = os.getpid()
    pid = os.fork()
    if pid == 0:
        listener.close()
        line.close()
        _become_kernel(request, zygote)
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        line.sendall(json.dumps({"error": "the new kernel ended at once"}).encode())
        return
    with contextlib.suppress(BrokenPipeError):
        socket.send_fds(line, [json.dumps({"pid": pid}).encode()], [descriptor])
    os.close(descriptor)


def _become_kernel(request: dict, zygote: int) -> None:
    code = 1
    try:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)  # a group of its own, so that its children can be ended with it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != zygote:
            os._exit(1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.environ.clear()
        os.environ.update(request["env"])
        os.environ.update(ENVIRONMENT)
        os.chdir(request["cwd"])
        time.tzset()
        _run_kernel(request["argv"])
        code = 0
    except BaseException:  # this is the child's outermost frame: nothing may unwind into the zygote's loop
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _run_kernel(argv: list[str]) -> None:
    import numpy
    from ipykernel.kernelapp import IPKernelApp

    numpy.random.seed()  # the global generator is copied by a fork; without this every region would draw the same
    sys.argv = ["ipykernel_launcher", *argv]
    # ipykernel reads its parent from the environment at import, which was the zygote's; say who it is now.
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(argv)
    app.start()


if __name__ == "__main__":
    serve(sys.argv[1])
    Path(sys.argv[1]).unlink(missing_ok=True)
