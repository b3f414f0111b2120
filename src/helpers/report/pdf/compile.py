"""Sets a document with Typst in a process of its own, which is run as a script and ends with its memory.

Typst keeps some 200 MB of every document that it has set, for as long as its process lives.
"""

import json
import pickle
import sys
from pathlib import Path

import typst


def compile_document(design: str, folder: str, fonts: str, name: str, jobs: list[dict[str, object]]) -> list[object]:
    """Compile the document of a folder once for each job: the options of one output, such as its format."""
    source = Path(design).read_bytes()
    options = {"font_paths": [fonts], "ignore_system_fonts": True, "sys_inputs": {"name": name}}
    compiler = typst.Compiler(source, root=folder, **options)
    return [compiler.compile(source, **job) for job in jobs]


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(compile_document(**json.loads(sys.argv[1]))))
