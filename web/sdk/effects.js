/** What the session wants done after an event, as plain data; types.d.ts has the fields. Pure. */

/** @typedef {import("./types.js").Effect} Effect */
/** @typedef {import("./types.js").Disconnect} Disconnect */

/** @param {Partial<Effect>} [parts] @returns {Effect} */
export function effect(parts) {
  const nothing = {
    write: [],
    show: true,
    settled: null,
    doubts: [],
    disconnect: null,
    move: null,
  };
  return { ...nothing, ...parts };
}

/** @param {boolean} reconnect @param {Partial<Disconnect>} [parts] @returns {Disconnect} */
export function disconnect(reconnect, parts) {
  return { reconnect, after: 0, reason: "", refusal: null, text: "", ...parts };
}
