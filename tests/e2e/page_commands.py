"""What a page tells its reader to type."""

import pathlib
import re

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def commands(page, heading):
    """The lines of the blocks of commands under a heading."""
    text = (SOURCE / "docs" / page).read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    typed = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    found = [line for line in typed.splitlines() if line]
    assert found, f"docs/{page} has no commands under {heading}"
    return found
