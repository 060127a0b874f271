"""A PostgreSQL server of the tests' own: on loopback, in a temporary folder, without privileges."""

import functools
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

import bootstrap

_ACCOUNTS = ("postgres", "nobody")  # PostgreSQL refuses to run as root


@functools.cache
def missing() -> str:
    """What it takes that is not here; "" if all is."""
    if not bootstrap.find_postgresql():
        return "no PostgreSQL server (Debian, Ubuntu: sudo apt-get install postgresql)"
    return ""


def copied(url: str) -> str:
    """The URL of a new database like the one at `url`, which nobody may use meanwhile."""
    return new_database(url, url.rpartition("/")[2])


def new_database(url: str, template: str) -> str:
    server, name = url.rpartition("/")[0], f"course_{secrets.token_hex(8)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(command.format(sql.Identifier(name), sql.Identifier(template)))
    return f"{server}/{name}"


class Server:
    """A server that runs until `close`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="stepwise-postgres-", dir="/tmp"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
            account = next(accounts[name] for name in _ACCOUNTS if name in accounts)
            self._as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._password = secrets.token_hex(16)
        words = self._folder / "password"
        words.write_text(self._password)
        words.chmod(0o644)  # in a folder that only that account may enter
        self._call("initdb", "--username=tests", "--auth=scram-sha-256", "--no-sync",
                   "--encoding=UTF8", "--locale=C.UTF-8", f"--pwfile={words}")  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        options = f"-p {self._port} -h 127.0.0.1 -k '' -c fsync=off -c shared_buffers=16MB"
        log = self._folder / "log"
        self._call("pg_ctl", "start", "--wait", f"--log={log}", f"--options={options}")

    def stop(self) -> None:
        """As if the power went."""
        self._call("pg_ctl", "stop", "--wait", "--mode=immediate")

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self) -> str:
        """The URL of a new, empty database."""
        return new_database(self.url("postgres"), "template0")

    def url(self, database: str) -> str:
        return f"postgresql://tests:{self._password}@127.0.0.1:{self._port}/{database}"

    def _call(self, program: str, *arguments: str) -> None:
        place = bootstrap.find_postgresql()
        assert place
        # A file, not a pipe: the server would inherit it, and we would wait for its end.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [place / program, f"--pgdata={self._folder / 'data'}", *arguments],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=120,
                **self._as,
            )
            output.seek(0)
            assert done.returncode == 0, output.read()
