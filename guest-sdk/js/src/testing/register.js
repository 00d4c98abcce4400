//! `node --import switchhook-guest/register --test`: lets Node.js import WAV files, as the component's build does.

import { register } from "node:module";

const hooks = `
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
export async function load(url, context, next) {
  if (!url.endsWith(".wav")) return next(url, context);
  const file = await readFile(fileURLToPath(url));
  const source = \`export default Uint8Array.from(atob("\${file.toString("base64")}"), (c) => c.charCodeAt(0));\`;
  return { format: "module", source, shortCircuit: true };
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
