"""How does a timeout or a dead kernel get into the notebook's own record?

papermill writes an exception of a cell into the notebook; a cell that ran out of time or lost its kernel leaves
nothing. This engine writes both as an error output of the cell in which it happened.
"""

import asyncio

from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from papermill.engines import NBClientEngine, NotebookExecutionManager

__all__ = ["RecordingEngine"]


class RecordingEngine(NBClientEngine):
    """papermill's own engine, and a record of what it only raises."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **kwargs: object) -> None:
        """Execute; see ``papermill.engines.NBClientEngine``."""
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **kwargs)
        except CellTimeoutError as error:
            _record(nb_man, "timeout", str(error))
        except DeadKernelError as error:
            _record(nb_man, "kernel_died", str(error))
        finally:
            _close_loop()


def _record(nb_man: NotebookExecutionManager, name: str, text: str) -> None:
    started = [cell for cell in nb_man.nb.cells if cell.metadata.papermill.get("start_time")]
    cell = started[-1]
    codes = [each for each in started if each.cell_type == "code"]
    cell.outputs = [*cell.get("outputs", []), new_output("error", ename=name, evalue=text, traceback=[text])]
    cell.execution_count = len(codes)
    nb_man.cell_exception(cell)


def _close_loop() -> None:
    """Close the event loop that nbclient left in this worker thread; otherwise each region would lose descriptors."""
    loop = ensure_event_loop()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()
    asyncio.set_event_loop(None)
