/** Reads the lines of a node. Pure. */

import { EVENTS } from "./events.js";

/**
 * Return the object in a line, null if it is none.
 * @param {string} line @returns {import("./types.js").ChatEvent | null}
 */
export function decode(line) {
  try {
    const found = JSON.parse(line);
    return typeof found?.type === "string" ? found : null;
  } catch {
    return null;
  }
}

/**
 * Return whether an event is of a known type, with the fields of that type.
 * @param {import("./types.js").ChatEvent} event
 */
export function isKnown(event) {
  const fields = EVENTS.get(event.type);
  if (!fields) return false;
  return Object.entries(fields).every(([name, kind]) => {
    const value = event[name];
    if (value == null) return kind.endsWith("?");
    return (Array.isArray(value) ? "array" : typeof value) === kind.replace("?", "");
  });
}
