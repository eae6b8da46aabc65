"""`make accept`: re-run every notebook in place with its defaults and keep only the outputs tagged
keep_output.

The diff it leaves is the change of verdicts for a person to review and commit.
"""

import nbformat
from nbclient import NotebookClient

from oxcare_analysis.words import durable, paths

KEEP = "keep_output"


def accept() -> None:
    """Run all notebooks where they are, as nbval does, and strip every output but the tagged
    ones.
    """
    for path in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        book = nbformat.read(path, as_version=4)
        NotebookClient(
            book,
            timeout=600,
            kernel_name="python3",
            resources={"metadata": {"path": str(path.parent)}},
            extra_arguments=["--log-level=50"],
        ).execute()
        for cell in book.cells:
            cell.metadata.pop("execution", None)
            # nbval compares only cells that say they were run, so a kept one keeps its count.
            if cell.cell_type == "code" and KEEP not in cell.metadata.get("tags", []):
                cell.outputs, cell.execution_count = [], None
        book.metadata = {key: book.metadata[key] for key in ("kernelspec", "language_info")}
        book.metadata["language_info"] = {"name": "python"}
        durable.write(path, nbformat.writes(book) + "\n")
        print(path.name)


if __name__ == "__main__":
    accept()
