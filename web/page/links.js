/** Finds links in texts. Pure. */

const CANDIDATE = /\bhttps?:\/\/[^\s<>"]+/giu;
const TRAILING = /[.,;:!?'"»”’]+$/u;

/** @typedef {{text: string, href?: string, host?: string}} Part */

/**
 * Return the parts of a text. A part with `href` is a link, shown as it was typed; `host` is there
 * if the host is not what it looks like.
 * @param {string} text @returns {Part[]}
 */
export function parts(text) {
  /** @type {Part[]} */
  const found = [];
  let done = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const typed = trimmed(match[0]);
    const link = parse(typed);
    if (!link) continue;
    if (match.index > done) found.push({ text: text.slice(done, match.index) });
    found.push(link);
    done = match.index + typed.length;
  }
  if (done < text.length) found.push({ text: text.slice(done) });
  return found;
}

/** Leave out punctuation at the end, and brackets that were opened before. @param {string} typed */
function trimmed(typed) {
  for (;;) {
    let next = typed.replace(TRAILING, "");
    for (const [open, close] of ["()", "[]", "{}"].map((pair) => [...pair])) {
      const count = (/** @type {string | undefined} */ c) => next.split(c ?? "").length;
      if (next.endsWith(close ?? "") && count(close) > count(open)) next = next.slice(0, -1);
    }
    if (next === typed) return typed;
    typed = next;
  }
}

/** @param {string} typed @returns {Part | null} */
function parse(typed) {
  let url;
  try {
    url = new URL(typed);
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  const shown = typed.replace(/^https?:\/\//i, "").split(/[/?#]/)[0] ?? "";
  const differs = shown.toLowerCase().replace(/:\d+$/, "") !== url.hostname;
  return { text: typed, href: url.href, ...(differs && { host: url.hostname }) };
}
