/**
 * Reads pairs of modules from standard input, as JSON: `{name: [source, served]}`. Writes the names
 * of those that do not mean the same, or that V8 does not parse.
 *
 *     node --expose-internals --experimental-vm-modules tests/web/compare.js
 */

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { SourceTextModule } from "node:vm";

const { parse, tokenizer } = createRequire(import.meta.url)("internal/deps/acorn/acorn/dist/acorn");
const OPTIONS = { ecmaVersion: "latest", sourceType: "module" };
const PLACES = new Set(["start", "end"]);

/** What a module means, without the places in its source. @param {string} source */
function meaning(source) {
  new SourceTextModule(source);
  const tokens = Array.from(tokenizer(source, OPTIONS), ({ type, start, end }) => [
    type.label,
    source.slice(start, end),
  ]);
  return JSON.stringify([tokens, parse(source, OPTIONS)], (key, value) =>
    PLACES.has(key) ? undefined : value instanceof RegExp ? String(value) : value,
  );
}

const differ = Object.entries(JSON.parse(await text(process.stdin)))
  .filter(([, [source, served]]) => meaning(source) !== meaning(served))
  .map(([name]) => name);
console.log(JSON.stringify(differ));
