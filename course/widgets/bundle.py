"""The front end of a widget as one JavaScript module, from the plain modules in `front/`.

The browser gets a widget's code as one text, without a file server behind it. So the modules are
joined here: each is taken once, after those it imports, without its `import` lines and its
`export` words. They then share one scope, in which a name can be declared only once; `bundle`
checks that. No build step, no download, and each file stays an ordinary ES module that an editor
understands.
"""

import re
from functools import cache
from pathlib import Path

FRONT = Path(__file__).parent / "front"

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class|let) )", re.MULTILINE)
_DECLARED = re.compile(r"^(?:async )?(?:function|const|class|let) (\w+)", re.MULTILINE)


@cache
def bundle(name: str) -> str:
    """The module `front/<name>` and all it imports, as one ES module.

    Raises `ValueError` when two of them declare the same name at their top level.
    """
    modules: dict[str, str] = {}
    _collect(name, modules)
    owner: dict[str, str] = {}
    for module, source in modules.items():
        for declared in _DECLARED.findall(source):
            if declared in owner:
                raise ValueError(f"{declared} is declared in {owner[declared]} and in {module}")
            owner[declared] = module
    return "\n".join(f"// {module}\n{source}" for module, source in modules.items())


def styles(name: str) -> str:
    """The style sheet `front/<name>`, after the colours and shapes that all widgets share."""
    return "\n".join((FRONT / one).read_text(encoding="utf-8") for one in ("theme.css", name))


def _collect(name: str, modules: dict[str, str]) -> None:
    source = (FRONT / name).read_text(encoding="utf-8")
    for imported in _IMPORT.findall(source):
        if imported not in modules:
            _collect(imported, modules)
    modules[name] = _EXPORT.sub("", _IMPORT.sub("", source))
