/** Checks the text of messages. Pure. */

import { TEXT } from "./limits.js";

// NUL, the control characters but newline and tab, and lone surrogates.
const FORBIDDEN = /[\0-\x08\x0b-\x1f\x7f-\x9f]|\p{Cs}/u;

/**
 * Return the length of a text in bytes of UTF-8.
 * @param {string} text
 */
export function byteLength(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * Return the code and the error message for a text, null if it is valid.
 * @param {string} text @returns {[string, string] | null}
 */
export function check(text) {
  const found = FORBIDDEN.exec(text);
  if (found) {
    const point = found[0].codePointAt(0) ?? 0;
    const hex = point.toString(16).toUpperCase().padStart(4, "0");
    const only = "only newline and tab are allowed";
    return ["bad-request", `The text contains the control character U+${hex}; ${only}.`];
  }
  if (!/\S/.test(text.replaceAll("\ufeff", "x"))) return ["empty-text", "The text is empty."];
  if (text.length * 3 > TEXT && byteLength(text) > TEXT) {
    return ["text-too-long", `A text is at most ${TEXT} bytes of UTF-8 long.`];
  }
  return null;
}
