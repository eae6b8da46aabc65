"""A papermill engine that runs a notebook in this process, where everything is imported and loaded
already.

The stock engine starts a kernel for each notebook, which imports and loads it all again. A process
that has been warmed forks instead, and the fork runs one notebook and ends: a process and a clean
namespace each, as with a kernel. The outputs are those a kernel would have sent; a test holds the
two engines together.
"""

import sys
import traceback

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output
from papermill.engines import Engine, papermill_engines
from traitlets.config import Config

NAME = "warm"


class _Outputs(list):
    """The outputs of the cell that runs; pieces of one stream that follow each other are one
    output.
    """

    def write(self, stream: str, text: str) -> None:
        last = self[-1] if self else None
        if last and last.output_type == "stream" and last.name == stream:
            last.text += text
        elif text:
            self.append(new_output("stream", name=stream, text=text))


OUTPUTS = _Outputs()


class _Stream:
    """Stands in for standard output or error while a cell runs."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, name: str):
        self.name = name

    def write(self, text: str) -> int:
        OUTPUTS.write(self.name, text)
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, **_) -> None:
        OUTPUTS.append(new_output("display_data", data=data, metadata=metadata or {}))


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict, md_dict=None) -> None:
        OUTPUTS.append(
            new_output(
                "execute_result",
                data=format_dict,
                metadata=md_dict or {},
                execution_count=self.prompt_count,
            )
        )

    def finish_displayhook(self) -> None:
        self._is_active = False


def _shell() -> InteractiveShell:
    return InteractiveShell.instance(
        displayhook_class=_Hook,
        display_pub_class=_Publisher,
        config=Config(HistoryManager={"enabled": False}, InteractiveShell={"colors": "nocolor"}),
    )


def ready() -> None:
    """Have IPython import in this process what each of its forks would: a shell is made, and let go
    of.
    """
    main = sys.modules["__main__"]
    _shell()
    InteractiveShell.clear_instance()
    sys.modules["__main__"] = main  # a shell puts its namespace there


class WarmEngine(Engine):
    """Runs the cells of a notebook one after another in an IPython shell of this process."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **_) -> None:
        """As papermill asks of an engine: run every code cell, keep its outputs, stop at the first
        error.
        """
        shell = _shell()
        streams = sys.stdout, sys.stderr
        for number, cell in enumerate(nb_man.nb.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            nb_man.cell_start(cell, number)
            OUTPUTS.clear()
            sys.stdout, sys.stderr = _Stream("stdout"), _Stream("stderr")
            try:
                ran = shell.run_cell(cell.source, store_history=True)
            finally:
                sys.stdout, sys.stderr = streams
            cell.execution_count, cell.outputs = shell.execution_count - 1, list(OUTPUTS)
            problem = ran.error_before_exec or ran.error_in_exec
            if problem:
                cell.outputs.append(
                    new_output(
                        "error",
                        ename=type(problem).__name__,
                        evalue=str(problem),
                        traceback=traceback.format_exception(problem),
                    )
                )
                nb_man.cell_exception(cell, number)
            nb_man.cell_complete(cell, number)
            if problem:
                break


papermill_engines.register(NAME, WarmEngine)
