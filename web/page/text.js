/** Prepares texts of strangers for display. Pure. */

import { safeLine } from "../sdk/sanitize.js";
import { byteLength } from "../sdk/text.js";

const MARKS_MOST = 8;
const MARKS = new RegExp(`(\\p{M}{${MARKS_MOST}})\\p{M}+`, "gu");
/** Lines of a message above which it is folded. */
export const LINES_MOST = 20;

/** Return a text with its lines, and nothing invisible. @param {string} text */
export function safeText(text) {
  // Of a tab a single space would be left: what is indented stays so.
  return text.replaceAll("\t", "    ").split(/\r\n|\n/).map(safeLine).join("\n").replace(MARKS, "$1");
}

/**
 * Return whether a text takes too many lines to be shown whole.
 * @param {string} text @param {number} columns about so many characters fit into a line
 */
export function isTall(text, columns = 120) {
  const rows = (/** @type {string} */ line) => Math.max(1, Math.ceil(line.length / columns));
  return text.split("\n").reduce((sum, line) => sum + rows(line), 0) > LINES_MOST;
}

/**
 * Cut a text into pieces of at most so many bytes, at line ends or spaces where there are any.
 * @param {string} text @param {number} most @returns {string[]}
 */
export function pieces(text, most) {
  const found = [];
  let rest = text;
  while (byteLength(rest) > most) {
    let end = 0;
    let size = 0;
    for (const character of rest) {
      size += byteLength(character);
      if (size > most) break;
      end += character.length;
    }
    const head = rest.slice(0, end);
    const line = head.lastIndexOf("\n");
    const space = head.lastIndexOf(" ");
    const cut = line > end / 2 ? line : space > end / 2 ? space : end;
    found.push(rest.slice(0, cut));
    rest = rest.slice(cut).replace(/^[\n ]/, "");
  }
  return [...found, rest].filter((piece) => piece.trim());
}
