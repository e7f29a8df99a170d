/** Makes what is invisible in untrusted text visible. Pure. */

// Controls, formats, surrogates and separators; blanks among letters and marks; and what is
// reserved for more of these (default ignorable).
const DANGEROUS = new RegExp(
  "[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}" +
    "\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u3164\\uffa0" +
    "\\u2065\\u180b-\\u180f\\ufff0-\\ufff8\\u{e0000}-\\u{e0fff}]",
  "u",
);
const JOINER = /[\u200c\u200d]/;
const JOINABLE = /[\p{L}\p{M}\p{S}]/u;
const PLAIN = /^[ -~]*$/;

/**
 * Return a name with all invisible characters escaped, white space as well.
 * @param {string} word
 */
export function safeWord(word) {
  return Array.from(word, (c) => (DANGEROUS.test(c) || /\s/.test(c) ? shown(c) : c)).join("");
}

/**
 * Return a text as one line that hides nothing: control characters, bidirectional overrides and
 * characters without width are escaped. A tab becomes a space. Joiners stay where an emoji or a
 * script needs them.
 * @param {string} text
 */
export function safeLine(text) {
  if (PLAIN.test(text)) return text;
  const all = Array.from(text);
  return all.map((c, place) => inText(c, all[place - 1] ?? "", all[place + 1] ?? "")).join("");
}

/** @param {string} character @param {string} before @param {string} after */
function inText(character, before, after) {
  if (character === "\t") return " ";
  if (JOINER.test(character) && mayJoin(before) && mayJoin(after)) return character;
  return DANGEROUS.test(character) ? shown(character) : character;
}

/** @param {string} neighbour */
function mayJoin(neighbour) {
  return neighbour > "\x7f" && JOINABLE.test(neighbour) && !DANGEROUS.test(neighbour);
}

/** @param {string} character */
function shown(character) {
  const point = character.codePointAt(0) ?? 0;
  if (point === 0x20) return "\u2423";
  if (point < 0x20) return String.fromCharCode(0x2400 + point);
  if (point === 0x7f) return "\u2421";
  const hex = point.toString(16);
  if (point < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return point < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
