"""``python3 switchhook_build.py main.c -o OUT.wasm``: a handler in C as a component.

The compiler is clang, as ``zig cc``. The tools come from the Python package index when they are needed first.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

SDK = Path(__file__).resolve().parent
sys.path.insert(0, str(SDK.parent))

import switchhook_tools as tools  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Werror=implicit-function-declaration"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes a component of a handler.")
    parser.add_argument("sources", type=Path, nargs="*", help="the handler's files, one of which defines `handle`")
    parser.add_argument("-o", "--output", type=Path, help="the component")
    parser.add_argument("-e", "--embed", type=Path, action="append", default=[], help="more folders that `#embed` looks into")
    parser.add_argument("--flag", action="append", default=[], help="one more for the compiler, such as --flag=-fsanitize=undefined")
    parser.add_argument("--tools", action="store_true", help="only fetch the tools")
    parser.add_argument("--native", action="store_true", help="a program of this machine instead, without bindings: for tests")
    given = parser.parse_args()
    programs = tools.environment("c")
    if given.tools:
        return
    if not given.sources or not given.output:
        parser.error("name the sources and the output")
    if given.native:
        compile(programs, given.sources, given.output, given.embed, given.flag)
        return
    # Zig's own stack is 16 MiB, which each call would have.
    stack = "-Wl,-z,stack-size=131072"
    target = ["--target=wasm32-wasi", "-mexec-model=reactor", stack, SDK / "bindings/call_handler.c", *given.flag]
    producers = ["--language", "C=23", "--processed-by", f"zig cc={tools.version('c', 'ziglang')}"]
    core = lambda module: compile(programs, given.sources, module, given.embed, target)  # noqa: E731
    tools.component(programs, given.output, core, producers)


def compile(programs: Path, sources: list[Path], output: Path, embed: list[Path], target: list[Path | str]) -> None:
    command: list[Path | str] = [programs / "python", "-m", "ziglang", "cc", "-std=c23", "-Os", "-UNDEBUG", "-s", *target, *WARNINGS]
    command += ["-I", SDK / "include", "-I", SDK / "bindings", *(f"--embed-dir={folder}" for folder in embed)]
    # Paths of this machine do not belong into a component.
    command += [f"-ffile-prefix-map={Path.cwd()}=.", *sources, *sorted((SDK / "src").glob("*.c")), "-lm", "-o", output]
    environment = dict(os.environ)
    if folder := os.environ.get("SWITCHHOOK_TOOLS"):
        environment["ZIG_GLOBAL_CACHE_DIR"] = str(Path(folder).resolve() / "zig-cache")
    tools.run(command, "it did not compile: the compiler's message is above", env=environment)


if __name__ == "__main__":
    main()
