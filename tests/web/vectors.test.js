/** The SDK gives what tests/vectors say; the Python client gives the same. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { Player } from "./player.js";

const VECTORS = new URL("../vectors/", import.meta.url);

for (const file of readdirSync(VECTORS)) {
  for (const { name, make, steps } of JSON.parse(readFileSync(new URL(file, VECTORS), "utf8"))) {
    test(`${file}: ${name}`, () => {
      const player = new Player(make);
      for (const [number, step] of steps.entries()) {
        const result = player.play(step);
        if ("gives" in step) assert.deepEqual(result, step.gives, `step ${number}: ${step.call}`);
      }
    });
  }
}
