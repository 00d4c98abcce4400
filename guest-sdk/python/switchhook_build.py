"""``python switchhook_build.py SOURCES/main.py -o OUT.wasm``: a handler in Python as a component.

The module has a function ``handle``. It is imported while the component is built: what stands at the top of a module costs a call
nothing. Only interfaces that the handler uses are imported, so that ``switchhook inspect`` tells what grants it wants.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from modulefinder import ModuleFinder
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import switchhook_tools as tools  # noqa: E402

VERSION = "0.1.0"
PACKAGE = Path(__file__).resolve().parent
WIT = PACKAGE.parent.parent / f"wit/handler-{VERSION}"
BINDINGS = PACKAGE / "bindings"

ENTRY = """
import {module}
from switchhook_guest import log, runtime

log.set_up()


class WitWorld:
    def handle(self, call):
        runtime.serve({module}.handle, call)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes a component of a handler.")
    parser.add_argument("module", type=Path, help="the module with the function `handle`")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("-p", "--path", type=Path, action="append", default=[], help="more folders of modules and prompts")
    parser.add_argument("--wit", type=Path, default=WIT, help="the contract")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="switchhook-py-") as folder:
        build(given.module.resolve(), given.output.resolve(), [path.resolve() for path in given.path], given.wit, Path(folder))


def build(module: Path, output: Path, paths: list[Path], wit: Path, folder: Path) -> None:
    entry = folder / "entry"
    entry.mkdir()
    (entry / "component.py").write_text(ENTRY.format(module=module.stem))
    paths = [module.parent, *paths, PACKAGE]
    shutil.copytree(wit, folder / "wit/deps/handler")
    (folder / "wit/world.wit").write_text(world(interfaces(entry / "component.py", [*paths, BINDINGS])))
    partial = folder / "component.wasm"
    tool = Path(sys.executable).with_name("componentize-py")
    if not tool.exists():
        tool = tools.environment("python") / "componentize-py"
    command = [tool, "-q", "-d", folder / "wit", "-w", "handler", "componentize", "component", "-o", partial]
    for path in [entry, *paths]:
        command += ["-p", path]
    # The same sources make the same component; the compiled modules of this machine's Python are of no use in it.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "VIRTUAL_ENV": str(tool.parent.parent)}
    if subprocess.run(command, env=environment).returncode != 0:
        sys.exit(f"{module} did not become a component: the message is above")
    # Whole or not at all: hosts watch it.
    beside = output.with_name(f"{output.name}.partial")
    shutil.copyfile(partial, beside)
    beside.replace(output)


def interfaces(entry: Path, paths: list[Path]) -> list[str]:
    """The interfaces of the contract that a program imports, wherever in it."""
    finder = ModuleFinder([str(entry.parent), *map(str, paths)])
    finder.run_script(str(entry))
    prefix = "wit_world.imports."
    found = (name.removeprefix(prefix) for name in finder.modules if name.startswith(prefix))
    return sorted(name.replace("_", "-") for name in found if name != "types")


def world(interfaces: list[str]) -> str:
    """The contract's world, without the interfaces that are not used."""
    imports = "\n".join(f"  import switchhook:handler/{name}@{VERSION};" for name in interfaces)
    return f"""package switchhook:python;
world handler {{
  use switchhook:handler/types@{VERSION}.{{call-info, failure}};
{imports}
  export handle: func(call: call-info) -> result<_, failure>;
}}
"""


if __name__ == "__main__":
    main()
