"""Does a hand-in name what reaches below a notebook? Then a person reads it before it counts.

What is asked around the tests (autograder.probes) sees what stays changed. A student's function
that changes the interpreter while a test calls it, and changes it back, leaves nothing to be seen;
but to get there, its text must name one of few things. This looks for their names, in strings and
files too, so it neither proves anything nor takes a point: what was earned waits for a person.
"""

import io
import re
import tokenize
from collections.abc import Iterable, Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbgrader import utils

LARGEST = 200_000  # characters of a file that are looked at
_WORDS = """
    ctypes cffi mmap _ctypes as_strided __array_interface__
    settrace setprofile sys.monitoring _getframe currentframe
    f_back f_locals f_globals f_lineno f_trace tb_frame tb_next gi_frame cr_frame
    __traceback__ addaudithook
    get_objects get_referrers get_referents unfreeze
    __code__ __closure__ __globals__ __builtins__ __subclasses__ __mro__ __import__ __loader__
    _current_frames _current_exceptions getmodule getclosurevars walk_stack walk_tb
    _ip InteractiveShell load_ipython_extension __builtin__
    TorchFunctionMode TorchDispatchMode __torch_function__ __torch_dispatch__
    type_pprinters singleton_pprinters deferred_pprinters for_type
    __getattribute__ __self__ __func__ cell_contents CodeType FunctionType
    builtins importlib marshal pickle codeop runpy sitecustomize
    ipykernel jupyter_client traitlets zmq tornado
    ast_transformers input_transformers_post input_transformer_manager set_custom_exc user_ns
    displayhook excepthook run_code run_cell
"""
_REACHES = re.compile(
    "|".join(
        [
            r"(?<![\w])(?:" + "|".join(re.escape(word) for word in _WORDS.split()) + r")(?!\w)",
            r"\bsys\s*\.\s*modules\b|\bimport\s+modules\b",
            r"(?<![.\w])(?:exec|eval|compile)\s*\(",  # model.eval(), re.compile( are others
            r"\.\s*__(?:class|dict)__\s*(?:=(?!=)|\[)",
            r"(?<![.\w])[sg]etattr\s*\(\s*(?:sys|os|json|math|signal|torch|np|numpy|shell|course)\b",
            # Of IPython: what is displayed, and magics; and to import what that takes.
            r"\bIPython\b(?!\s*\.\s*display\b|\s+import\s+(?:display|get_ipython|version_info)\b)"
            r"(?!(?<=import\sIPython)[ \t]*$)",
            r"(?<!import\s)\bget_ipython\b"
            r"(?!\s*\(\s*\)\s*\.\s*(?:run_line_magic|run_cell_magic|system)\s*\()",
            r"\bget_ipython\s+as\b",
            r"\binspect\s*\.\s*(?!signature\b|getsource\b|getdoc\b)\w+|\binspect\s+as\b",
            r"\bfrom\s+inspect\s+import\s+(?!signature\b|getsource\b|getdoc\b)|=\s*inspect\b",
            r"(?<![.\w])(?:json|os|sys(?!\.std))(?:\.\w+)+\s*=(?!=)",
            r"(?<![.\w])signal\s*\.\s*(?:signal|default_int_handler)\s*=(?!=)",
            r"(?<![.\w])(?:numpy|np|math|course|torch(?!\.backends))(?:\.\w+)+\s*=(?!=)",
        ]
    ),
    re.MULTILINE,
)


def below(source: str) -> list[str]:
    """What `source` names that reaches below a notebook, each once, in order."""
    if not _REACHES.search(source):
        return []
    found = _REACHES.finditer(_without_comments(source))
    return list(dict.fromkeys(re.sub(r"\s+", "", match[0]) for match in found))


def _without_comments(source: str) -> str:
    """`source` without its comments, where it is Python alone."""
    lines = source.split("\n")
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, tokenize.TokenError):  # magics, or no Python at all
        return source
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(lines)


def surprises(notebook: NotebookNode, folder: Path, extra: Path | None) -> list[str]:
    """Sentences, without a full stop, about a repaired notebook and the Python files beside it.

    `extra` is the instructor's folder; a file whose name is there too is the instructor's.
    """
    own = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and not (utils.is_locked(cell) or utils.is_grade(cell))
    ]
    found = dict.fromkeys(name for text in (*own, *_files(folder, extra)) for name in below(text))
    if not found:
        return []
    named = _shortened(list(found))
    return [f"its code names {named}, with which anything can be made to pass"]


def _files(folder: Path, extra: Path | None) -> Iterable[str]:
    for path in sorted(folder.rglob("*.py")):
        theirs = extra is not None and (extra / path.relative_to(folder)).exists()
        if not theirs and path.is_file() and not path.is_symlink():
            with path.open(encoding="utf-8", errors="replace") as file:
                yield file.read(LARGEST)


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(name[:40] for name in names[:3]) + more
