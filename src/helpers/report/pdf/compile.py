"""Sets a document with Typst in a process of its own, which is run as a script and ends with its memory.

Typst keeps up to 200 MB of a document that it has set, for as long as its process lives.
"""

import base64
import json
import sys
from pathlib import Path

import typst


def compile_document(
    designs: list[str], folder: str, fonts: str, name: str, jobs: list[dict[str, object]]
) -> list[list[str]]:
    """Compile the document of a folder once for each job, the options of one output; return its files in base64."""
    source = b"".join(Path(design).read_bytes() for design in designs)
    options = {"font_paths": [fonts], "ignore_system_fonts": True, "sys_inputs": {"name": name}}
    compiler = typst.Compiler(source, root=folder, **options)
    made = [compiler.compile(source, **job) for job in jobs]
    return [
        [base64.b64encode(file).decode() for file in (files if isinstance(files, list) else [files])] for files in made
    ]


if __name__ == "__main__":
    print(json.dumps(compile_document(**json.loads(sys.argv[1]))))
