"""What a run of kernels read, wrote and computed, exactly, without a GPU.

    from kernels.trace import trace

    with trace() as run:
        out = softmax(x)
    run.of(x).times_read        # 1.0: each element of x was read once
    run.findings                # races, accesses outside a tensor, lanes that write one address

The model has no cache: every element that a `tl.load` asks for counts as read, however often. It
counts 32-byte sectors, the GPU's unit of transfer, for each load or store of a block as if its
lanes were dealt to threads in the best order. A race is two programs of one launch that touch the
same element, at least one of them writing and not both by atomics; locks are not understood.
Works in the interpreter only; kernels that are launched on a GPU leave no trace.
"""

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kernels.memory import Access, Argument, Index, Observer, describe, line_in_kernel, watch

import numpy as np
import torch

SECTOR = 32  # bytes
NOBODY, SEVERAL = -1, -2  # in a shadow: no program yet, more than one program
KEPT_OFFSETS = 8
VERBS = {"load": "reads", "store": "writes", "atomic": "changes by an atomic"}
CONFLICTS = {
    "load": ("store", "atomic"),
    "store": ("store", "load", "atomic"),
    "atomic": ("store", "load"),
}


@dataclass
class Finding:
    """Something wrong that a run did, merged over the programs that did the same on one line.

    kind is "out of bounds", "race" or "lanes collide".
    """

    kind: str
    kernel: str
    argument: str
    line: int
    says: str
    programs: list[Index]
    offsets: list[int]
    count: int = 1

    def __str__(self) -> str:
        return self.says


@dataclass
class Traffic:
    """What went to and from one tensor (or several): elements, bytes, sectors of 32 bytes."""

    elements: int = 0  # that the tensor has
    itemsize: int = 0
    loaded: int = 0  # elements, counted as often as they were loaded
    stored: int = 0
    atomics: int = 0
    loaded_bytes: int = 0
    stored_bytes: int = 0
    atomic_bytes: int = 0
    distinct_loaded: int = 0  # different elements
    distinct_stored: int = 0  # different elements, atomics counted in
    load_sectors: int = 0
    store_sectors: int = 0
    masked: int = 0  # lanes switched off by the kernel's mask

    @property
    def times_read(self) -> float:
        """Loads by the number of elements: 1.0 when each was read once."""
        return self.loaded / self.elements if self.elements else 0.0

    @property
    def times_written(self) -> float:
        """Stores by the number of elements."""
        return self.stored / self.elements if self.elements else 0.0

    @property
    def reread(self) -> float:
        """Loads by the number of different elements loaded: 1.0 when none was read twice."""
        return self.loaded / self.distinct_loaded if self.distinct_loaded else 0.0

    @property
    def unwritten(self) -> int:
        """Elements that were never stored to."""
        return self.elements - self.distinct_stored

    @property
    def load_efficiency(self) -> float:
        """Bytes asked for by the bytes of the sectors they lie in: 1.0 when nothing is wasted."""
        return self.loaded_bytes / (SECTOR * self.load_sectors) if self.load_sectors else 0.0

    @property
    def store_efficiency(self) -> float:
        """As `load_efficiency`, for stores and atomics."""
        moved = self.stored_bytes + self.atomic_bytes
        return moved / (SECTOR * self.store_sectors) if self.store_sectors else 0.0

    def __add__(self, other: "Traffic") -> "Traffic":
        both = {name: getattr(self, name) + getattr(other, name) for name in vars(self)}
        both["elements"] = max(self.elements, other.elements)
        both["itemsize"] = max(self.itemsize, other.itemsize)
        return Traffic(**both)

    def as_dict(self) -> dict[str, float]:
        derived = ("times_read", "times_written", "reread", "unwritten")
        ratios = ("load_efficiency", "store_efficiency")
        return vars(self) | {name: getattr(self, name) for name in derived + ratios}


class Tracked:
    """An argument of one launch with its traffic and how often each of its elements was touched."""

    def __init__(self, argument: Argument) -> None:
        self.argument = argument
        self.traffic = Traffic(elements=argument.elements, itemsize=argument.itemsize)
        self.load_counts = np.zeros(argument.span, dtype=np.int32)
        self.store_counts = np.zeros(argument.span, dtype=np.int32)

    def count(self, operation: str, offsets: np.ndarray, repeats: np.ndarray | int) -> None:
        """Count one access: sorted, different offsets, and how many lanes touched each."""
        traffic, itemsize = self.traffic, self.argument.itemsize
        total = offsets.size if isinstance(repeats, int) else int(repeats.sum())
        sector = (self.argument.address + offsets * itemsize) // SECTOR
        sectors = 1 + int(np.count_nonzero(np.diff(sector))) if sector.size else 0
        counts = self.load_counts if operation == "load" else self.store_counts
        traffic_distinct = int(np.count_nonzero(counts[offsets] == 0))
        counts[offsets] += repeats
        if operation == "load":
            traffic.loaded += total
            traffic.loaded_bytes += total * itemsize
            traffic.distinct_loaded += traffic_distinct
            traffic.load_sectors += sectors
            return
        traffic.store_sectors += sectors
        traffic.distinct_stored += traffic_distinct
        if operation == "store":
            traffic.stored += total
            traffic.stored_bytes += total * itemsize
        else:
            traffic.atomics += total
            traffic.atomic_bytes += total * itemsize

    def unwritten_offsets(self) -> np.ndarray:
        """Offsets of this view's elements that were never stored to."""
        return np.flatnonzero(self.argument.member & (self.store_counts == 0))


@dataclass
class Shadow:
    """For each piece of one storage: the program that wrote, read, or atomically changed it."""

    address: int
    granule: int  # bytes
    writer: np.ndarray
    reader: np.ndarray
    atomic: np.ndarray


@dataclass
class Launch:
    """One launch of one kernel."""

    kernel: str
    grid: Index
    arguments: dict[str, Tracked]
    source: str = ""
    first_line: int = 0
    dot_flops: int = 0
    exponentials: int = 0
    programs: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def __getitem__(self, name: str) -> Traffic:
        return self.arguments[name].traffic


class Run(Observer):
    """Everything launched inside a `trace()`. Counts are complete; `programs` is thinned."""

    def __init__(self, keep_programs: int) -> None:
        self.launches: list[Launch] = []
        self._keep = keep_programs
        self._shadows: dict[int, Shadow] = {}
        self._index: Index = (0, 0, 0)
        self._linear = 0

    # what happened, in sum

    @property
    def findings(self) -> list[Finding]:
        """Everything wrong, over all launches, in order."""
        return [finding for launch in self.launches for finding in launch.findings]

    @property
    def dot_flops(self) -> int:
        """Floating-point operations of all dots (a multiply–add is two)."""
        return sum(launch.dot_flops for launch in self.launches)

    @property
    def exponentials(self) -> int:
        """Numbers that went through `tl.exp` or `tl.exp2`."""
        return sum(launch.exponentials for launch in self.launches)

    @property
    def total(self) -> Traffic:
        """All traffic of all launches together."""
        return sum((t.traffic for t in self._tracked()), Traffic())

    def __getitem__(self, name: str) -> Traffic:
        """Traffic of the kernel argument with this name, over all launches that have one."""
        found = [launch[name] for launch in self.launches if name in launch.arguments]
        if not found:
            raise KeyError(f"no kernel that was launched has a tensor argument named {name!r}")
        return sum(found, Traffic())

    def of(self, tensor: torch.Tensor) -> Traffic:
        """Traffic of this tensor (of whatever shares its storage), under whatever names.

        Distinct counts of several launches are added up; `elements` is the tensor's own.
        """
        where = tensor.untyped_storage().data_ptr()
        mine = (t for t in self._tracked() if _storage(t.argument).data_ptr() == where)
        traffic = sum((t.traffic for t in mine), Traffic())
        traffic.elements, traffic.itemsize = tensor.numel(), tensor.element_size()
        return traffic

    def touched(self, tensor: torch.Tensor) -> tuple[int, int]:
        """How many loads, and how many stores and atomics, went to this view's own elements.

        Unlike `of`, it tells apart views that share a storage, such as the rows of a matrix.
        """
        view = Argument("", tensor)
        loads = stores = 0
        for t in self._tracked():
            if _storage(t.argument).data_ptr() != tensor.untyped_storage().data_ptr():
                continue
            shift = (t.argument.address - view.address) // view.itemsize
            mine = view.holds(np.arange(t.argument.span) + shift)
            loads += int(t.load_counts[mine].sum())
            stores += int(t.store_counts[mine].sum())
        return loads, stores

    def holes(self, tensor: torch.Tensor) -> list[int]:
        """The first flat positions of this contiguous tensor that no launch stored to."""
        written = np.zeros(tensor.numel(), dtype=bool)
        for t in self._tracked():
            if (
                t.argument.tensor.untyped_storage().data_ptr()
                != tensor.untyped_storage().data_ptr()
            ):
                continue
            shift = (t.argument.address - tensor.data_ptr()) // t.argument.itemsize
            position = np.flatnonzero(t.store_counts) + shift
            written[position[(position >= 0) & (position < written.size)]] = True
        return np.flatnonzero(~written)[:KEPT_OFFSETS].tolist()

    def _tracked(self) -> Iterator[Tracked]:
        for launch in self.launches:
            yield from launch.arguments.values()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for a viewer: strings, numbers, lists and dicts only (JSON)."""
        return {
            "launches": [_launch_as_dict(launch) for launch in self.launches],
            "total": self.total.as_dict(),
            "dot_flops": self.dot_flops,
            "exponentials": self.exponentials,
        }

    # what the interpreter reports

    def launch(self, kernel: Callable[..., Any], grid: Index, arguments: list[Argument]) -> None:
        launch = Launch(kernel.__name__, grid, {a.name: Tracked(a) for a in arguments})
        try:
            lines, launch.first_line = inspect.getsourcelines(kernel)
            launch.source = "".join(lines)
        except (OSError, TypeError):
            launch.first_line = kernel.__code__.co_firstlineno
        self.launches.append(launch)
        self._shadows = _shadows(arguments)

    def program(self, index: Index) -> None:
        launch = self.launches[-1]
        self._index = index
        self._linear = index[0] + launch.grid[0] * (index[1] + launch.grid[1] * index[2])
        if len(launch.programs) < self._keep:
            launch.programs.append({"id": list(index), "accesses": []})

    def access(self, access: Access) -> np.ndarray | None:
        launch, argument, offsets = self.launches[-1], access.argument, access.offsets
        tracked = launch.arguments[argument.name]
        tracked.traffic.masked += access.masked
        line = line_in_kernel()
        allowed = argument.holds(offsets)
        fine = bool(allowed.all())
        outside = int(allowed.size - np.count_nonzero(allowed))
        if not fine:
            self._report_outside(access, offsets[~allowed], line)
            offsets = offsets[allowed]
        repeats: np.ndarray | int = 1
        if offsets.size > 1 and not (np.diff(offsets) > 0).all():
            offsets, repeats = np.unique(offsets, return_counts=True)
            repeats = repeats.astype(np.int32)
            if access.operation == "store" and repeats.max() > 1:
                self._report(
                    "lanes collide", argument, line, offsets[repeats > 1],
                    "writes one element from several lanes of a store: which value stays is luck",
                )  # fmt: skip
        tracked.count(access.operation, offsets, repeats)
        self._check_races(access.operation, argument, offsets, line)
        programs = launch.programs
        if programs and programs[-1]["id"] == list(self._index):
            programs[-1]["accesses"].append(
                {
                    "operation": access.operation,
                    "argument": argument.name,
                    "line": line,
                    "ranges": _ranges(offsets),
                    "masked": access.masked,
                    "outside": outside,
                }
            )
        return None if fine else allowed

    def dot(self, multiply_adds: int) -> None:
        self.launches[-1].dot_flops += 2 * multiply_adds

    def exp(self, count: int) -> None:
        self.launches[-1].exponentials += count

    # faults

    def _report_outside(self, access: Access, wrong: np.ndarray, line: int) -> None:
        says = f"{VERBS[access.operation]} outside {access.argument}"
        self._report("out of bounds", access.argument, line, wrong, says)

    def _check_races(
        self, operation: str, argument: Argument, offsets: np.ndarray, line: int
    ) -> None:
        shadow = self._shadows[_storage(argument).data_ptr()]
        at = argument.address - shadow.address + offsets * argument.itemsize
        at = at // shadow.granule
        if argument.itemsize > shadow.granule:
            pieces = argument.itemsize // shadow.granule
            at = (at[:, None] + np.arange(pieces)).ravel()
        me = self._linear
        marks = {"load": shadow.reader, "store": shadow.writer, "atomic": shadow.atomic}
        for other in CONFLICTS[operation]:
            mark = marks[other][at]
            clash = (mark != NOBODY) & (mark != me)
            if clash.any():
                first = int(mark[clash][0])
                who = "another program" if first == SEVERAL else f"program {self._unravel(first)}"
                says = f"{VERBS[operation]} what {who} {VERBS[other]}: on a GPU the order is luck"
                where = np.repeat(offsets, at.size // offsets.size)[clash]
                self._report("race", argument, line, where, says)
        mine = marks[operation]
        mine[at] = np.where((mine[at] == NOBODY) | (mine[at] == me), me, SEVERAL)

    def _unravel(self, linear: int) -> Index:
        x, y, _ = self.launches[-1].grid
        return linear % x, linear // x % y, linear // (x * y)

    def _report(
        self, kind: str, argument: Argument, line: int, offsets: np.ndarray, says: str
    ) -> None:
        launch = self.launches[-1]
        for finding in launch.findings:
            if (finding.kind, finding.argument, finding.line) == (kind, argument.name, line):
                finding.count += 1
                if len(finding.programs) < KEPT_OFFSETS and self._index not in finding.programs:
                    finding.programs.append(self._index)
                return
        says = f"program {self._index} {says} ({argument.name}, {describe(offsets)}, line {line})"
        some = offsets[:KEPT_OFFSETS].tolist()
        launch.findings.append(
            Finding(kind, launch.kernel, argument.name, line, says, [self._index], some)
        )


@contextmanager
def trace(keep_programs: int = 256) -> Iterator[Run]:
    """Record every kernel that is launched in this block.

    Args:
        keep_programs: of each launch, for how many programs to keep the list of their accesses
            (`launch.programs`). Counts and findings are about all programs, always.
    """
    run = Run(keep_programs)
    with watch(run):
        yield run


def _storage(argument: Argument) -> torch.UntypedStorage:
    return argument.tensor.untyped_storage()


def _shadows(arguments: list[Argument]) -> dict[int, Shadow]:
    """One shadow for each storage, in pieces of the smallest element that a view of it has."""
    granules: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for argument in arguments:
        where = _storage(argument).data_ptr()
        granules[where] = min(granules.get(where, argument.itemsize), argument.itemsize)
        sizes[where] = _storage(argument).nbytes()
    made = {}
    for where, granule in granules.items():
        blank = [np.full(math.ceil(sizes[where] / granule), NOBODY, dtype=np.int32) for _ in "wra"]
        made[where] = Shadow(where, granule, *blank)
    return made


def _ranges(offsets: np.ndarray) -> list[list[int]]:
    """Sorted offsets as [first, one past the last] runs."""
    if not offsets.size:
        return []
    cuts = np.flatnonzero(np.diff(offsets) != 1) + 1
    starts = offsets[np.concatenate(([0], cuts))]
    stops = offsets[np.concatenate((cuts - 1, [offsets.size - 1]))] + 1
    return np.stack((starts, stops), axis=1).tolist()


def _launch_as_dict(launch: Launch) -> dict[str, Any]:
    return {
        "kernel": launch.kernel,
        "grid": list(launch.grid),
        "source": launch.source,
        "first_line": launch.first_line,
        "dot_flops": launch.dot_flops,
        "exponentials": launch.exponentials,
        "arguments": {
            name: {
                "shape": list(tracked.argument.tensor.shape),
                "strides": list(tracked.argument.tensor.stride()),
                "dtype": str(tracked.argument.tensor.dtype).removeprefix("torch."),
                **tracked.traffic.as_dict(),
            }
            for name, tracked in launch.arguments.items()
        },
        "programs": launch.programs,
        "programs_left_out": max(0, math.prod(launch.grid) - len(launch.programs)),
        "findings": [vars(finding) | {"programs": [list(p) for p in finding.programs]}
                     for finding in launch.findings],
    }  # fmt: skip
