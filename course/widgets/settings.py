"""What the reader has set, as a training loop reads it."""

from collections.abc import Iterator, Mapping
from typing import Any


class Settings(Mapping[str, Any]):
    """What the reader has set, as attributes and as a mapping: always the values of now.

    `settings.seed` is the seed that the run began with.
    """

    def __init__(self, values: Mapping[str, Any], seed: int) -> None:
        self._values = dict(values)
        self.seed = seed

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            known = ", ".join([*self.__dict__.get("_values", {}), "seed"])
            raise AttributeError(f"there is no setting {name!r}; there is {known}")
        return self._values[name]

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def set(self, values: Mapping[str, Any]) -> None:
        """Takes over what was set on the way."""
        self._values.update(values)
