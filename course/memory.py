"""A model of a GPU's memory that a tiled function runs on: large slow HBM, small fast SRAM.

    machine = Machine(sram=16 * 1024)
    O, L = machine.run(flash_attention, Q, K, V, 0.25)
    machine.read, machine.written, machine.peak

The function is ordinary torch. The rules are those of one thread block of a GPU:

- The tensors it is given lie in HBM, and so does what it makes with `hbm_empty` or `hbm_full`.
- Taking a slice (`Kj = K[j : j + 16]`) moves nothing. The first calculation with a slice loads it:
  its bytes are counted as read, and it takes room in the SRAM until the name is dropped.
- Whatever is calculated is in the SRAM, until it is dropped. What does not fit raises `OutOfSRAM`.
- Assigning to a slice of an HBM tensor (`O[i : i + 16] = …`) counts its bytes as written.
- What is returned must lie in HBM, or `NotInHBM` is raised.

There is no cache, and no time: bytes are counted, and operations in products of matrices. Outside a
machine `hbm_empty` and `hbm_full` are plain `torch.empty` and `torch.full`, and the function runs
as it is.
"""

import inspect
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

Region = tuple[Any, ...]
WRITE_ONLY = ("copy_", "fill_", "zero_", "index_put_")  # do not read what they overwrite
GATHER = ("index", "index_select", "gather")  # read as much as they give
PRODUCTS = ("mm", "bmm", "mv", "dot", "addmm", "addmv", "baddbmm")  # what `@` comes down to
_running: list["Machine"] = []


class OutOfSRAM(RuntimeError):
    """A tensor did not fit in the SRAM; the message says which, and how much room there is."""


class NotInHBM(RuntimeError):
    """A function returned a tensor that it had never written to HBM."""


def hbm_empty(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """An uninitialised tensor in HBM. Making it moves no bytes; assigning to it does."""
    if not _running:
        return torch.empty(shape, dtype=dtype)
    machine = _running[-1]
    machine.watching = False
    made = torch.empty(shape, dtype=dtype)
    machine.watching = True
    machine.place_in_hbm(made, "made")
    return made


def hbm_full(
    shape: Sequence[int], value: float, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """A tensor in HBM filled with `value`: each of its bytes is written once."""
    return hbm_empty(*shape, dtype=dtype).fill_(value)


class Machine:
    """One HBM, and one SRAM of `sram` bytes (None: without a limit, but measured).

    After `run`: `read_of` and `written_of` are the bytes moved out of and into HBM by the name of
    the argument ("made" for what the function made there), `peak` is the most bytes that the SRAM
    held at once, and `largest` the bytes of the largest tensor that was calculated. `flops` are the
    multiplications and additions in products of matrices.
    """

    def __init__(self, sram: int | None = None) -> None:
        self.sram = sram
        self.read_of: Counter[str] = Counter()
        self.written_of: Counter[str] = Counter()
        self.peak = self.largest = self.flops = self._used = 0
        self.watching = True
        self._names: dict[int, str] = {}  # address of an HBM storage → name
        self._hbm: list[torch.Tensor] = []  # kept alive, so that no address is used twice
        self._lineage: dict[int, tuple[Region, ...]] = {}  # id of a live view → what it is part of
        self._views: Counter[Region] = Counter()  # how many live views show a region
        self._loaded: dict[Region, int] = {}  # regions that are in the SRAM → bytes
        self._tensors: set[int] = set()  # ids of live calculated tensors
        self._storages: Counter[int] = Counter()  # how many of them share a storage
        self._sizes: dict[int, int] = {}  # address of a calculated storage → bytes
        self._references: dict[int, weakref.ref[torch.Tensor]] = {}  # each tells when one is gone

    @property
    def read(self) -> int:
        """Bytes loaded from HBM."""
        return sum(self.read_of.values())

    @property
    def written(self) -> int:
        """Bytes stored to HBM."""
        return sum(self.written_of.values())

    @property
    def traffic(self) -> int:
        """Bytes moved between HBM and SRAM, both ways."""
        return self.read + self.written

    def run(self, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Call `function` with copies of its tensors in HBM, count, and return what it returns.

        Raises OutOfSRAM or NotInHBM, and whatever `function` raises.
        """
        bound = inspect.signature(function).bind(*args, **named)
        for name, value in bound.arguments.items():
            if isinstance(value, torch.Tensor):
                bound.arguments[name] = copied = value.detach().clone()
                self.place_in_hbm(copied, name)
        _running.append(self)
        try:
            with torch.no_grad(), _Watch(self):
                result = function(*bound.args, **bound.kwargs)
        finally:
            _running.remove(self)
        for tensor in _tensors(result):
            if tensor.numel() and _address(tensor) not in self._names:
                raise NotInHBM(
                    f"A tensor of shape {tuple(tensor.shape)} was returned from the SRAM. Make it "
                    "with hbm_empty(…) and assign its blocks, so that it is written to HBM."
                )
        return result

    # What an operation does ------------------------------------------------------------------

    def place_in_hbm(self, tensor: torch.Tensor, name: str) -> None:
        """From now on this tensor lies in HBM, under this name."""
        self._names[_address(tensor)] = name
        self._hbm.append(tensor)
        self._show(tensor, ())

    def see(self, operation: Any, inputs: list[torch.Tensor], outputs: list[torch.Tensor]) -> None:
        """Count what one torch operation reads, writes and takes room for."""
        name, changed = _name(operation), _changed(operation)
        parents = {_address(tensor): tensor for tensor in reversed(inputs)}
        fresh = [
            (_address(tensor), tensor)
            for tensor in outputs
            if not any(tensor is one for one in inputs)
        ]
        if not any(address in parents for address, _ in fresh):  # not merely a view
            if name == "copy_" and _region(inputs[0]) == _region(inputs[1]):
                return  # the end of `O[i] *= 2`: the product is there already
            for position, tensor in enumerate(inputs):
                if position or name not in (*WRITE_ONLY, *GATHER):
                    self._load(tensor)
            if name in PRODUCTS:
                self.flops += 2 * outputs[0].numel() * inputs[-2].shape[-1]
        for address, tensor in fresh:
            if address in self._names:
                self._show(tensor, self._lineage.get(id(parents.get(address)), ()))
            elif tensor.numel():
                self._hold(tensor, address, name)
        if name in GATHER and _address(inputs[0]) in self._names:
            self.read_of[self._names[_address(inputs[0])]] += _bytes(outputs[0])
        for tensor in inputs[changed]:
            if _address(tensor) in self._names:
                moved = _bytes(inputs[-1] if name == "index_put_" else tensor)
                self.written_of[self._names[_address(tensor)]] += moved

    def _load(self, tensor: torch.Tensor) -> None:
        """Bring what a view of HBM shows into the SRAM, unless it is there."""
        address = _address(tensor)
        if address not in self._names or not tensor.numel():
            return
        region = _region(tensor)
        if any(one in self._loaded for one in self._lineage.get(id(tensor), (region,))):
            return
        size, name = _distinct(region) * tensor.element_size(), self._names[address]
        self._take(size, f"loading {_shape(tensor)} of {name}")
        self._loaded[region] = size
        self.read_of[name] += size

    def _show(self, tensor: torch.Tensor, ancestors: tuple[Region, ...]) -> None:
        """A view of HBM has come to be; when the last one of a region goes, so does the region."""
        region = _region(tensor)
        self._lineage[id(tensor)] = tuple(dict.fromkeys((*ancestors, region)))
        self._views[region] += 1

        def gone(key: int = id(tensor)) -> None:
            del self._lineage[key]
            self._views[region] -= 1
            if not self._views[region]:
                self._used -= self._loaded.pop(region, 0)

        self._when_gone(tensor, gone)

    def _hold(self, tensor: torch.Tensor, address: int, operation: str) -> None:
        """A calculated tensor takes room until the last one that shares its storage has gone."""
        if id(tensor) in self._tensors:
            return
        if not self._storages[address]:
            self._sizes[address] = size = tensor.untyped_storage().nbytes()
            self.largest = max(self.largest, size)
            self._take(size, f"{_shape(tensor)}, the result of {operation.strip('_')},")
        self._tensors.add(id(tensor))
        self._storages[address] += 1

        def gone(key: int = id(tensor)) -> None:
            self._tensors.discard(key)
            self._storages[address] -= 1
            if not self._storages[address]:
                self._used -= self._sizes.pop(address, 0)

        self._when_gone(tensor, gone)

    def _when_gone(self, tensor: torch.Tensor, gone: Callable[[], None]) -> None:
        key = id(tensor)

        def call(reference: weakref.ref[torch.Tensor]) -> None:
            del self._references[key]
            gone()

        self._references[key] = weakref.ref(tensor, call)

    def _take(self, size: int, what: str) -> None:
        if self.sram is not None and self._used + size > self.sram:
            raise OutOfSRAM(
                f"The SRAM overflows: {what} takes {size:,} bytes. It holds {self.sram:,}, and "
                f"{self._used:,} are in use. Work on one block at a time."
            )
        self._used += size
        self.peak = max(self.peak, self._used)


class _Watch(TorchDispatchMode):
    """Shows a machine every operation that torch runs."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here; keeping the compiler off would import it: a second or two."""
        return False

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = operation(*args, **(kwargs or {}))
        if self.machine.watching:
            inputs = _tensors([args, kwargs or {}])
            self.machine.see(operation, inputs, _tensors(result))
        return result


def _tensors(values: Any) -> list[torch.Tensor]:
    """The tensors in nested lists, tuples and dictionaries, in order."""
    if isinstance(values, dict):
        values = values.values()
    elif not isinstance(values, (list, tuple)):
        values = (values,)
    found = []
    for value in values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple, dict)):
            found += _tensors(value)
    return found


@cache
def _name(operation: Any) -> str:
    return str(operation.overloadpacket.__name__)


@cache
def _changed(operation: Any) -> slice:
    """Which of its tensors an operation changes: the first of `add_`, the last ones of `out=`."""
    changed = [
        argument
        for argument in operation._schema.arguments
        if argument.alias_info is not None and argument.alias_info.is_write
    ]
    if not changed:
        return slice(0)
    return slice(-len(changed), None) if changed[0].kwarg_only else slice(1)


def _address(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _shape(tensor: torch.Tensor) -> str:
    sides = " × ".join(map(str, tensor.shape))
    return f"a tensor of {sides}" if sides else "a number"


def _region(tensor: torch.Tensor) -> Region:
    """Which elements of its storage a view shows, whatever the order of its axes."""
    axes = sorted(
        (stride, size)
        for stride, size in zip(tensor.stride(), tensor.shape, strict=True)
        if size != 1 and stride
    )
    joined: list[tuple[int, int]] = []
    for stride, size in axes:
        if joined and stride == joined[-1][0] * joined[-1][1]:
            joined[-1] = (joined[-1][0], joined[-1][1] * size)
        else:
            joined.append((stride, size))
    return (_address(tensor), tensor.storage_offset(), *joined)


def _distinct(region: Region) -> int:
    count = 1
    for _, size in region[2:]:
        count *= size
    return count
