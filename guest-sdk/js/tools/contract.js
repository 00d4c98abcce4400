#!/usr/bin/env node
//! `npm run contract`: the types of the contract, from its WIT, as the engine gives and takes them: `src/contract.d.ts`, and
//! `src/host/*` for its functions, and
//! `src/testing/host/*` for those of a simulated call. `--check` only tells whether they are up to date.
//!
//! It reads the part of WIT that the contract uses: interfaces with records, variants, enums, aliases and functions.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "0.1.0";
const PACKAGE = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const WIT = resolve(PACKAGE, `../../wit/handler-${VERSION}`);
/** Interfaces of worlds that this package does not serve. */
const LEFT_OUT = ["chat", "messages"];
const NUMBERS = ["u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64"];
const HEAD = "// Made from the contract's WIT by `npm run contract`: do not edit.\n\n";

const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
const pascal = (name) => camel(`-${name.replace(/^%/, "")}`);
const quoted = (name) => JSON.stringify(name);

/** Tokens, with the doc comments that stand before them. */
function* tokens(text) {
  const pattern = /\/\/\/ ?([^\n]*)|\/\/[^\n]*|\s+|->|[%\w-]+(?::[\w/-]+@[\d.]+)?|@[\d.]+|./gy;
  let docs = [];
  for (const [whole, doc] of text.matchAll(pattern)) {
    if (doc !== undefined) docs.push(doc);
    else if (!/^(\s|\/\/)/.test(whole)) {
      yield { text: whole, docs };
      docs = [];
    }
  }
}

class Reader {
  constructor(text) {
    this.tokens = [...tokens(text)];
    this.at = 0;
  }
  get docs() {
    return this.tokens[this.at]?.docs ?? [];
  }
  peek() {
    return this.tokens[this.at]?.text;
  }
  take() {
    return this.tokens[this.at++].text;
  }
  is(text) {
    return this.peek() === text && Boolean(++this.at);
  }
  expect(text) {
    if (!this.is(text)) throw new Error(`expected \`${text}\`, found \`${this.peek()}\``);
  }
  until(end, item) {
    const items = [];
    while (!this.is(end)) {
      items.push(item());
      this.is(",");
    }
    return items;
  }

  type() {
    const name = this.take();
    const inner = () => {
      this.expect("<");
      const types = this.until(">", () => (this.is("_") ? "undefined" : this.type()));
      return types;
    };
    if (NUMBERS.includes(name)) return "number";
    if (name === "string" || name === "char") return "string";
    if (name === "bool") return "boolean";
    if (name === "option") return `${inner()[0]} | null`;
    if (name === "result") {
      const [ok = "undefined", err = "undefined"] = this.peek() === "<" ? inner() : [];
      return `Result<${ok}, ${err}>`;
    }
    if (name === "list") {
      this.expect("<");
      const of = this.peek();
      const type = this.type();
      this.expect(">");
      return { u8: "Uint8Array", s16: "Int16Array" }[of] ?? `${type}[]`;
    }
    return pascal(name);
  }

  fields(end) {
    return this.until(end, () => {
      const docs = this.docs;
      const name = this.take();
      this.expect(":");
      return { docs, name: camel(name.replace(/^%/, "")), type: this.type() };
    });
  }
}

function doc(docs, indent = "") {
  if (docs.length === 0) return "";
  if (docs.length === 1) return `${indent}/** ${docs[0]} */\n`;
  return `${indent}/**\n${docs.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}

/** The types and functions of a file's interface. */
function read(text) {
  const reader = new Reader(text);
  while (!reader.is("interface")) reader.take();
  const found = { name: reader.take(), types: [], functions: [] };
  reader.expect("{");
  while (!reader.is("}")) {
    const docs = reader.docs;
    const word = reader.take();
    if (word === "use") {
      while (!reader.is(";")) reader.take();
    } else if (word === "type") {
      const name = pascal(reader.take());
      reader.expect("=");
      found.types.push({ name, text: `${doc(docs)}export type ${name} = ${reader.type()};\n` });
      reader.expect(";");
    } else if (word === "record") {
      const name = pascal(reader.take());
      reader.expect("{");
      const fields = reader.fields("}").map((field) => `${doc(field.docs, "  ")}  ${field.name}: ${field.type};\n`);
      found.types.push({ name, text: `${doc(docs)}export interface ${name} {\n${fields.join("")}}\n` });
    } else if (word === "enum" || word === "variant") {
      const name = pascal(reader.take());
      reader.expect("{");
      const cases = reader.until("}", () => {
        const docs = reader.docs;
        const tag = reader.take();
        const type = reader.is("(") ? reader.type() : undefined;
        if (type) reader.expect(")");
        const text = word === "enum" ? quoted(tag) : `{ tag: ${quoted(tag)}${type ? `; val: ${type}` : "; val?: undefined"} }`;
        return `\n${doc(docs, "  ")}  | ${text}`;
      });
      found.types.push({ name, text: `${doc(docs)}export type ${name} =${cases.join("")};\n` });
    } else {
      reader.expect(":");
      reader.expect("func");
      reader.expect("(");
      const given = reader.fields(")").map(({ name, type }) => `${name}: ${type}`);
      const answer = reader.is("->") ? reader.type() : "void";
      reader.expect(";");
      // A function throws its failure.
      const [, ok] = /^Result<(.*), Failure>$/.exec(answer) ?? [, answer];
      found.functions.push({ name: camel(word.replace(/^%/, "")), docs, given, answer: ok === "undefined" ? "void" : ok });
    }
  }
  return found;
}

function made() {
  const files = readdirSync(WIT).filter((name) => name.endsWith(".wit") && name !== "world.wit");
  const interfaces = files
    .map((name) => readFileSync(join(WIT, name), "utf8"))
    .map(read)
    .filter(({ name }) => !LEFT_OUT.includes(name))
    .sort((a, b) => (b.name === "types") - (a.name === "types") || (a.name < b.name ? -1 : 1));
  const types = interfaces.flatMap(({ types }) => types);
  const result = `/** A result that is a value; one that a function answers is returned or thrown. */
export type Result<T, E> = { tag: "ok"; val: T } | { tag: "err"; val: E };
`;
  const out = { "contract.d.ts": `${HEAD}${result}\n${types.map(({ text }) => text).join("\n")}` };
  for (const { name, functions } of interfaces.filter(({ functions }) => functions.length > 0)) {
    const known = types.filter((type) => functions.some((f) => new RegExp(`\\b${type.name}\\b`).test(`${f.given} ${f.answer}`)));
    const imports = known.length ? `import type { ${known.map((type) => type.name).join(", ")} } from "../contract.js";\n\n` : "";
    const texts = functions.map((f) =>
      f.name === "delete"
        ? `${doc(f.docs)}declare function remove(${f.given.join(", ")}): ${f.answer};\nexport { remove as delete };\n`
        : `${doc(f.docs)}export function ${f.name}(${f.given.join(", ")}): ${f.answer};\n`,
    );
    out[`host/${name}.d.ts`] = `${HEAD}${imports}${texts.join("\n")}`;
    const stubs = functions.map(({ name: f }) => {
      const stub = `(...given) => host(${quoted(name)}).${f}(...given)`;
      return f === "delete" ? `const remove = ${stub};\nexport { remove as delete };\n` : `export const ${f} = ${stub};\n`;
    });
    out[`testing/host/${name}.js`] = `${HEAD}import { host } from "../current.js";\n\n${stubs.join("")}`;
    out[`host/${name}.js`] = `${HEAD}export * from "switchhook:handler/${name}@${VERSION}";\n`;
  }
  return out;
}

const stale = Object.entries(made()).filter(([name, text]) => {
  const path = join(PACKAGE, "src", name);
  try {
    if (readFileSync(path, "utf8") === text) return false;
  } catch {
    // It is not there yet.
  }
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  return true;
});
if (process.argv.includes("--check") && stale.length > 0) {
  console.error(`not what the WIT says: ${stale.map(([name]) => name).join(", ")}; run \`npm run contract\` in guest-sdk/js`);
  process.exit(1);
}
