#!/usr/bin/env node
//! `switchhook-js ENTRY -o OUT.wasm`: a handler in JavaScript, or TypeScript, as a component.
//!
//! The entry and what it imports become one module, which the engine (QuickJS) runs to its end while the component is built:
//! what stands at the top of a module costs a call nothing. Only interfaces that the handler uses are imported, so that
//! `switchhook inspect` tells what grants it wants.

import { cp, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { componentize } from "componentize-qjs";
import * as esbuild from "esbuild";

const VERSION = "0.1.0";
const PACKAGE = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const WIT = resolve(PACKAGE, `../../wit/handler-${VERSION}`);

/** @type {esbuild.BuildOptions} */
const OPTIONS = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2023",
  mainFields: ["module", "main"],
  conditions: ["switchhook"],
  external: ["switchhook:*"],
  loader: { ".wav": "binary" },
  charset: "utf8",
  logLevel: "warning",
};

/** What stands between the host and the handler, by what the handler exports. */
const ENTRIES = {
  // The engine runs its jobs only when the component waits for something of its own. One byte through a stream of its own is
  // such a thing: when it arrives, no job is left.
  default: (entry) => `
    import { running } from "switchhook-guest/globals";
    import { refusal, run } from "switchhook-guest/runtime";
    import handler from ${JSON.stringify(entry)};
    const BYTE = new Uint8Array(1);
    let pair;
    const idle = async () => {
      pair ??= wit.Stream(wit.Stream.U8);
      const read = pair.readable.read(1);
      pair.writable.write(BYTE);
      await read;
    };
    export async function handle(info) {
      running();
      try {
        await run(handler, info, idle);
      } catch (error) {
        throw refusal(error);
      }
    }
    export async function idleStream() { return pair.readable; }`,
  handle: (entry) => `
    import { running } from "switchhook-guest/globals";
    import { refusal } from "switchhook-guest/runtime";
    import { handle as handler } from ${JSON.stringify(entry)};
    export function handle(info) {
      running();
      let returned;
      try {
        returned = handler(info);
      } catch (error) {
        throw refusal(error);
      }
      if (typeof returned?.then === "function") {
        throw { code: "INVALID", message: "a plain handler returned a promise: export an async one as default" };
      }
    }`,
};

const { values, positionals } = parseArgs({
  options: { output: { type: "string", short: "o" }, wit: { type: "string", default: WIT } },
  allowPositionals: true,
});
if (positionals.length !== 1 || !values.output) {
  console.error("switchhook-js ENTRY -o OUT.wasm [--wit DIRECTORY]");
  process.exit(2);
}
try {
  await build(resolve(positionals[0]), resolve(values.output), resolve(values.wit));
} catch (error) {
  // What esbuild found stands on the terminal already.
  if (!error.errors) console.error(`switchhook-js: ${error.message}`);
  process.exit(1);
}

async function build(entry, output, wit) {
  const exported = await exportsOf(entry);
  const kind = Object.keys(ENTRIES).find((name) => exported.includes(name));
  if (!kind) throw new Error(`${entry} exports no handler: \`export default async function (call) { ... }\``);
  const { source, interfaces } = await bundle(ENTRIES[kind](entry), dirname(entry));
  const folder = await mkdtemp(join(tmpdir(), "switchhook-js-"));
  try {
    await cp(wit, join(folder, "deps/handler"), { recursive: true });
    await writeFile(join(folder, "world.wit"), world(kind === "default", interfaces));
    const { component } = await componentize({ witPath: folder, jsSource: source, world: "handler", sync: kind === "handle" });
    // Whole or not at all: hosts watch it.
    await writeFile(`${output}.partial`, component);
    await rename(`${output}.partial`, output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function exportsOf(entry) {
  const { metafile } = await esbuild.build({ ...OPTIONS, entryPoints: [entry], write: false, outdir: "/", metafile: true });
  return Object.values(metafile.outputs).flatMap(({ exports }) => exports);
}

async function bundle(contents, resolveDir) {
  const { outputFiles, metafile } = await esbuild.build({
    ...OPTIONS,
    stdin: { contents, resolveDir, sourcefile: "component.js" },
    write: false,
    outdir: "/",
    metafile: true,
  });
  const imports = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const interfaces = imports.filter((path) => path.startsWith("switchhook:"));
  return { source: outputFiles[0].text, interfaces: [...new Set(interfaces)].sort() };
}

/** The contract's world, without the interfaces that are not used. */
function world(awaits, interfaces) {
  return `package switchhook:javascript;
world handler {
  use switchhook:handler/types@${VERSION}.{call-info, failure};
${interfaces.map((name) => `  import ${name};`).join("\n")}
  export handle: ${awaits ? "async " : ""}func(call: call-info) -> result<_, failure>;
${awaits ? "  export idle-stream: async func() -> stream<u8>;" : ""}
}
`;
}
