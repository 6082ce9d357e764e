"""How does Jupyter start a kernel by forking the zygote instead of a new process?"""

import os
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Unicode

from kinerja_lab.report.zygote import ask_for_fork

__all__ = ["ForkProvisioner"]


class ForkProvisioner(LocalProvisioner):
    """A local kernel, except for its birth: entry point ``kinerja-fork`` of ``jupyter_client.kernel_provisioners``."""

    address = Unicode(help="Socket of the zygote; the run's kernel spec names it.")

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Fork; ``cmd`` is the ordinary kernel command, of which the arguments after the launcher's name count."""
        env = {key: str(value) for key, value in (kwargs.get("env") or os.environ).items()}
        self.cwd = kwargs.get("cwd") or Path.cwd()
        self.process = ask_for_fork(
            self.address, argv=cmd[cmd.index("ipykernel_launcher") + 1:], env=env, cwd=str(self.cwd),
        )
        self.pid = self.pgid = self.process.pid
        return self.connection_info


