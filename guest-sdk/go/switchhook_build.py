"""``python3 switchhook_build.py FOLDER -o OUT.wasm``: a handler in Go as a component.

The folder is a package ``main`` whose ``init`` calls ``switchhook.Handle``. The tools come from the Python package index when they
are needed first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

SDK = Path(__file__).resolve().parent
sys.path.insert(0, str(SDK.parent))

import switchhook_tools as tools  # noqa: E402

# The SDK asks the runtime when its next timer is due, which the linker would refuse otherwise.
LINKER = "-s -w -checklinkname=0"


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes a component of a handler.")
    parser.add_argument("package", type=Path, nargs="?", help="the folder of the handler's package")
    parser.add_argument("-o", "--output", type=Path, help="the component")
    parser.add_argument("--tools", action="store_true", help="only fetch the tools")
    parser.add_argument("--test", action="store_true", help="run the tests of the package and those below it, on this machine")
    given = parser.parse_args()
    programs = tools.environment("go")
    if given.tools:
        return
    environment = {
        **os.environ,
        "CGO_ENABLED": "0",
        # Everything is here: nothing is fetched, and no other version of Go.
        "GOPROXY": os.environ.get("GOPROXY", "off"),
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
    }
    if folder := os.environ.get("SWITCHHOOK_TOOLS"):
        environment["GOCACHE"] = str(Path(folder).resolve() / "go-cache")
        environment["GOPATH"] = str(Path(folder).resolve() / "go-path")
    if not given.package:
        parser.error("name the package")
    go = programs / "go"
    if given.test:
        root = subprocess.check_output([go, "env", "GOROOT"], env=environment, text=True).strip()
        badly = subprocess.check_output([Path(root) / "bin/gofmt", "-l", given.package], text=True)
        if badly:
            sys.exit(f"the format differs, run gofmt:\n{badly}")
        for command in (["vet", "-unsafeptr=false"], ["test"]):
            tools.run([go, *command, "./..."], "tests of Go failed: see above", cwd=given.package, env=environment)
        return
    if not given.output:
        parser.error("name the output")

    def core(module: Path) -> None:
        command = [go, "build", "-buildmode=c-shared", "-trimpath", f"-ldflags={LINKER}", "-o", module, "."]
        wasm = {**environment, "GOOS": "wasip1", "GOARCH": "wasm"}
        tools.run(command, "it did not compile: the compiler's message is above", cwd=given.package, env=wasm)

    # The compiler tells of itself.
    tools.component(programs, given.output.resolve(), core, [])


if __name__ == "__main__":
    main()
