"""What code in the sandbox can and cannot do, tried from inside."""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import nbformat
import pytest
from jupyter_client.provisioning import KernelProvisionerFactory
from nbclient import NotebookClient

from autograder import cgroups, sandbox
from autograder.client import Answer, Client
from autograder.provisioner import SandboxProvisioner
from autograder.sandbox import SANDBOX, Bounds, Sandbox, SandboxUnavailable

REPOSITORY = Path(__file__).resolve().parents[2]
SMALL = Bounds(
    memory_bytes=400 * 1024**2,
    processes=40,
    open_files=128,
    scratch_bytes=8 * 1024**2,
    scratch_files=500,
)
pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(warm=False) as box:
        yield box


@pytest.fixture
def client(box: Sandbox, tmp_path: Path) -> Iterator[Client]:
    (tmp_path / "data.csv").write_text("1,2")
    (tmp_path / "other.ipynb").write_text("{}")
    (tmp_path / "link").symlink_to("/etc/shadow")
    os.mkfifo(tmp_path / "pipe")
    with box.jail(tmp_path, SMALL) as jail:
        client = Client(jail, 100_000)
        yield client


def printed(answer: Answer) -> str:
    assert answer.status == "ok", answer
    return "".join(output.get("text", "") for output in answer.outputs)


def value(client: Client, expression: str) -> object:
    """The value of `expression` inside."""
    answer = client.run("import os, socket", 20, {"value": expression})
    return ast.literal_eval(answer.values["value"])


def names_the_repository(environment: object) -> bool:
    """Whether they do, apart from the Python environment, which may lie there."""
    return str(REPOSITORY) in str(environment).replace(sys.prefix, "")


def test_it_sees_its_own_files_and_no_link_pipe_or_notebook(client: Client) -> None:
    assert value(client, "sorted(os.listdir('.'))") == ["data.csv"]
    assert value(client, "open('data.csv').read()") == "1,2"


def test_it_does_not_see_the_repository(client: Client) -> None:
    environment = Path(sys.prefix)  # may lie in the repository
    theirs = [path for path in REPOSITORY.iterdir() if path != environment]
    for path in (*theirs, REPOSITORY / "grading", Path("/home")):
        assert value(client, f"os.path.exists({str(path)!r})") is False, path
    import_it = client.run("import autograder", 20)
    assert import_it.error == "ModuleNotFoundError"
    assert client.run("import course.checks", 20).status == "ok"


def test_an_environment_that_lies_where_the_scratch_is_made_stays_in_sight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not tmp_path.is_relative_to("/tmp"):
        pytest.skip(f"temporary folders are in {tmp_path.parent} here, not below /tmp")
    place = tmp_path / "environment"
    place.mkdir()
    for folder in (place, *place.parents[:-2]):
        folder.chmod(0o755)
    (place / "module.py").write_text("found = 7")
    (tmp_path / "secret").write_text("x")
    prefixes = sandbox._prefixes
    monkeypatch.setattr(sandbox, "_prefixes", lambda: [*prefixes(), str(place)])
    with (
        Sandbox(warm=False) as box,
        box.jail(None, SMALL) as jail,
    ):
        client = Client(jail, 100_000)
        assert value(client, f"os.listdir({str(tmp_path)!r})") == ["environment"]
        assert value(client, f"open({str(place / 'module.py')!r}).read()") == "found = 7"
        write = client.run(f"open({str(place / 'module.py')!r}, 'w')", 20)
        assert write.error in ("OSError", "PermissionError")
        assert client.run("open('/tmp/mine', 'w').close()", 20).status == "ok"


def test_it_owns_nothing_and_can_gain_nothing(client: Client) -> None:
    assert value(client, "os.getuid()") != 0
    assert client.run("os.setuid(0)", 20).error in ("PermissionError", "OSError")
    mount = "import ctypes; ctypes.CDLL(None).mount(b'', b'/tmp', b'tmpfs', 0, None)"
    assert value(client, f"__import__('subprocess').call(['sh', '-c', {mount!r}])") != 0


WRITABLE = """
import os
for folder, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if not os.path.islink(os.path.join(folder, f))]
    if folder.startswith("/tmp") or folder == "/dev/shm":
        folders[:] = []
        continue
    try:
        os.close(os.open(os.path.join(folder, "x"), os.O_CREAT | os.O_WRONLY))
        print(folder)
    except OSError:
        pass
"""


def test_it_can_write_to_its_scratch_only(client: Client) -> None:
    assert printed(client.run(WRITABLE, 60)) == ""
    assert client.run("open('mine', 'w').write('x' * 100)", 20).status == "ok"


def test_the_scratch_has_a_size(client: Client) -> None:
    for number in range(5):
        answer = client.run(f"open('big{number}', 'wb').write(bytes(3 * 10**6))", 20)
    assert answer.error == "OSError"
    many = "for n in range(1000): open(f'small{n}', 'w').close()"
    assert client.run(many, 20).error == "OSError"


def test_the_environment_holds_nothing_of_the_graders(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = value(client, "dict(os.environ)")
    assert isinstance(environment, dict)
    assert environment["HOME"] == "/tmp"
    assert not names_the_repository(environment)
    assert not [
        name for name in environment if name.startswith(("STEPWISE", "PYTHONPATH", "PYTEST"))
    ]


def test_there_is_no_network(client: Client) -> None:
    names = value(client, "[name for _, name in socket.if_nameindex()]")
    assert names == ["lo"]
    assert client.run("socket.create_connection(('127.0.0.1', 22), 2)", 20).error == "OSError"


def test_it_sees_and_signals_only_its_own_processes(client: Client) -> None:
    assert value(client, "os.getpid()") == 2
    assert value(client, "os.listdir('/proc')") == []
    client.run("import os, signal; os.kill(1, signal.SIGKILL)", 20)
    assert value(client, "1 + 1") == 2, "the watcher is out of reach"
    assert client.run("os.kill(os.getpid(), signal.SIGKILL)", 20).status == "died"


def test_two_jails_do_not_see_each_other(box: Sandbox) -> None:
    with (
        box.jail(None) as one,
        box.jail(None) as other,
    ):
        first, second = Client(one, 1000), Client(other, 1000)
        first.run("open('/tmp/note', 'w').write('x'); import socket", 20)
        first.run("s = socket.socket(socket.AF_UNIX); s.bind('\\0here'); s.listen()", 20)
        assert value(second, "os.path.exists('/tmp/note')") is False
        reach = second.run("socket.socket(socket.AF_UNIX).connect('\\0here')", 20)
        assert reach.error == "ConnectionRefusedError"
        assert value(second, "os.listdir('/stepwise/run')") == []


def test_each_jail_draws_its_own_numbers(box: Sandbox) -> None:
    drawn = set()
    for _ in range(3):
        with box.jail(None) as jail:
            client = Client(jail, 1000)
            drawn.add(value(client, "__import__('random').random()"))
    assert len(drawn) == 3


def test_too_much_memory_is_an_error_or_the_end_of_this_kernel_only(client: Client) -> None:
    answer = client.run("x = bytearray(700 * 1024**2)", 20)
    assert answer.error == "MemoryError" or answer.status == "died"


@pytest.mark.skipif("memory" not in cgroups.usable(), reason="no memory groups may be made here")
def test_memory_is_counted_over_all_processes(client: Client) -> None:
    hog = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        x = bytearray(b"1") * (100 * 1024**2)
        time.sleep(8)
        os._exit(0)
gone = [os.wait()[1] for _ in range(6)]
print("killed" if any(gone) else gone)
"""
    answer = client.run(hog, 30)
    assert answer.status == "died" or printed(answer) == "killed\n"


def test_a_fork_bomb_runs_into_its_limit(client: Client) -> None:
    bomb = "import os, time\nfor _ in range(200):\n    if os.fork() == 0: time.sleep(30)"
    assert client.run(bomb, 30).error == "BlockingIOError"


def test_nothing_outlives_the_jail(box: Sandbox, tmp_path: Path) -> None:
    marker = f"sleep {time.time_ns() % 10**9 + 10**9}"
    with box.jail(None) as jail:
        client = Client(jail, 1000)
        started = f"import subprocess; subprocess.Popen('setsid {marker} & disown', shell=True)"
        client.run(started, 20)
        client.run("import time; time.sleep(0.2)", 20)
        assert marker in everything_that_runs()
    for _ in range(100):
        if marker not in everything_that_runs():
            break
        time.sleep(0.05)
    else:
        pytest.fail("it still runs")


def everything_that_runs() -> str:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return "\n".join(lines)


def test_endless_work_is_interrupted_and_deaf_work_killed(client: Client) -> None:
    assert client.run("while True: pass", 1).status == "timeout"
    assert value(client, "2 + 3") == 5
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    assert client.run(deaf, 1).status == "timeout"
    assert client.lost


def test_endless_output_is_stopped(client: Client) -> None:
    answer = client.run("while True: print('x' * 10_000)", 30)
    assert answer.status == "flood" or answer.error == "MemoryError"
    assert sum(len(str(output)) for output in answer.outputs) < 150_000


def test_a_server_that_went_away_is_started_again(tmp_path: Path) -> None:
    with Sandbox(warm=False, idle_seconds=0.3) as box:
        box.start()
        time.sleep(1)
        with box.jail(None) as jail:
            assert jail.alive


def test_groups_and_folders_are_removed() -> None:
    with Sandbox(warm=False) as box:
        with box.jail(None):
            folder = box._run
        assert list((folder / "jails").iterdir()) == []
        groups = [place for place, _ in box._groups._folders.values()] if box._groups else []
    assert not folder.exists()
    assert not [place for place in groups if place.exists()]


@pytest.mark.skipif(not cgroups.usable(), reason="no groups may be made here")
def test_groups_of_a_grader_that_was_killed_are_swept() -> None:
    script = """
import os, signal
from autograder.sandbox import Sandbox
box = Sandbox(warm=False)
with box.jail(None):
    print(*[place for place, _ in box._groups._folders.values()], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", script]
    killed = subprocess.run(command, env=environment, text=True, capture_output=True)
    places = [Path(place) for place in killed.stdout.split()]
    assert places, killed.stderr
    assert all(any(group.is_dir() for group in place.iterdir()) for place in places)
    alive = cgroups.Groups()
    for _ in range(100):
        cgroups.sweep()
        if not any(place.exists() for place in places):
            break
        time.sleep(0.05)
    else:
        pytest.fail(f"{places} are still there")
    assert all(place.exists() for place, _ in alive._folders.values()), "of one that runs"
    alive.remove()
    assert not any(place.exists() for place, _ in alive._folders.values())


def test_without_bubblewrap_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        sandbox.check()


def test_when_namespaces_are_forbidden_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: no permissions to make namespaces' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SandboxUnavailable, match="no permissions to make namespaces"):
        sandbox.check()


def test_without_the_sandbox_kernels_still_run_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2")
    with (
        Sandbox(isolated=False, warm=False) as box,
        box.jail(tmp_path) as jail,
    ):
        client = Client(jail, 1000)
        assert value(client, "open('data.csv').read()") == "1,2"
        assert not names_the_repository(value(client, "dict(os.environ)"))


AS_SOMEBODY = """
import os, sys
os.setgroups([]); os.setresgid(65533, 65533, 65533); os.setresuid(65533, 65533, 65533)
from autograder import sandbox
print("kernel after", sandbox.check())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="this test becomes somebody else")
def test_it_works_for_users_without_privileges() -> None:
    if not os.access(sys.base_prefix, os.X_OK) or not _others_may_read(Path(sys.base_prefix)):
        pytest.skip("this Python lies where only its owner can read it")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "HOME": "/tmp"}
    done = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY], env=environment, text=True, capture_output=True
    )
    assert "kernel after" in done.stdout, done.stderr


def _others_may_read(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


# The provisioner -------------------------------------------------------------------------------


@pytest.fixture
def provisioned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernelspec and the provisioner, found as in an environment that was set up."""
    folder = tmp_path / "share" / "kernels" / SANDBOX
    folder.mkdir(parents=True)
    shutil.copy(REPOSITORY / "autograder" / "kernel.json", folder)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    place = f"{SandboxProvisioner.__module__}:{SandboxProvisioner.__name__}"
    entry = EntryPoint(SANDBOX, place, KernelProvisionerFactory.GROUP_NAME)
    monkeypatch.setitem(KernelProvisionerFactory.instance().provisioners, SANDBOX, entry)


@pytest.mark.usefixtures("provisioned")
def test_any_jupyter_program_gets_the_sandbox_by_the_kernelspec(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "data.csv").write_text("1,2")
    sources = ["import os; print(os.getpid(), os.listdir())", "while True: pass", "print(6 * 7)"]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        notebook,
        kernel_name=SANDBOX,
        resources={"metadata": {"path": str(work)}},
        timeout=3,
        interrupt_on_timeout=True,
        allow_errors=True,
    )
    client.execute()
    first, second, third = (cell.outputs[0] for cell in notebook.cells)
    assert first.text == "2 ['data.csv']\n"
    assert second.ename == "KeyboardInterrupt"
    assert third.text == "42\n"


def test_the_provisioner_is_found_in_an_installation(tmp_path: Path) -> None:
    """pyproject.toml's entry point, in an editable installation of its own."""
    target = tmp_path / "site"
    build = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    options = ["--disable-pip-version-check", "--no-index", "--target", str(target)]
    copy = tmp_path / "copy"
    ignore = shutil.ignore_patterns(".*", "grading", "node_modules", "__pycache__", "*.egg-info")
    for name in ("autograder", "course"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT"):
        shutil.copy(REPOSITORY / name, copy)
    subprocess.run([*build, *options, "--editable", str(copy)], check=True, capture_output=True)
    ask = (
        "from importlib.metadata import entry_points as e;"
        f"print([p.value for p in e(group={KernelProvisionerFactory.GROUP_NAME!r})"
        f" if p.name == {SANDBOX!r}])"
    )
    environment = {**os.environ, "PYTHONPATH": str(target)}
    found = subprocess.run(
        [sys.executable, "-c", ask], env=environment, text=True, capture_output=True, check=True
    )
    place = f"{SandboxProvisioner.__module__}:{SandboxProvisioner.__name__}"
    assert place in ast.literal_eval(found.stdout)


def test_the_kernelspec_names_the_provisioner_and_is_installed_by_the_set_up() -> None:
    import bootstrap

    text = (REPOSITORY / "autograder" / "kernel.json").read_text()
    spec = json.loads(text)
    assert spec["metadata"]["kernel_provisioner"]["provisioner_name"] == SANDBOX
    assert spec["interrupt_mode"] == "message"
    target = bootstrap.SETTINGS[bootstrap.ROOT / "autograder" / "kernel.json"]
    assert target == f"share/jupyter/kernels/{SANDBOX}/kernel.json"
