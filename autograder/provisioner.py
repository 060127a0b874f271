"""The sandbox for every Jupyter program: a kernel provisioner, chosen by the kernelspec SANDBOX.

`bootstrap.py` installs the kernelspec (autograder/kernel.json) into the environment. Whatever
starts that kernel, nbgrader's own steps or nbconvert or JupyterLab, gets a jail of the sandbox.
"""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerBase

from autograder.sandbox import Jail, shared


class SandboxProvisioner(KernelProvisionerBase):
    """Starts kernels as jails of this process's sandbox. Their working directory is a copy."""

    _jail: Jail | None = None
    _stack: contextlib.ExitStack

    @property
    def has_process(self) -> bool:
        return self._jail is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        folder = kwargs.get("cwd")
        self._stack = contextlib.ExitStack()
        manager: Any = self.parent
        jail = self._stack.enter_context(
            shared().jail(Path(folder) if folder else None, key=manager.session.key.decode())
        )
        # With the network off, sockets in a folder that both sides see are the only way.
        manager.transport, manager.ip = jail.connection["transport"], jail.connection["ip"]
        for name, value in jail.connection.items():
            if name.endswith("_port"):
                setattr(manager, name, value)
        manager.connection_file = jail.connection["ip"] + ".json"
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        self._jail = jail
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        return self.connection_info

    async def poll(self) -> int | None:
        return None if self._jail is not None and self._jail.alive else 1

    async def wait(self) -> int | None:
        while self._jail is not None and self._jail.alive:
            await asyncio.sleep(0.02)
        self._end()
        return 0

    async def send_signal(self, signum: int) -> None:
        if signum != 0 and signum != signal.SIGINT:  # an interrupt comes as a message
            self._end()

    async def kill(self, restart: bool = False) -> None:
        self._end()

    async def terminate(self, restart: bool = False) -> None:
        self._end()

    async def cleanup(self, restart: bool = False) -> None:
        self._end()

    def _end(self) -> None:
        if self._jail is not None:
            self._jail.end()
            self._jail = None
            self._stack.close()
