/** Gives the words of the page, and dates in the reader's language. */

// boot.js has chosen. Outside of browsers the words are English.
const isGerman = globalThis.document?.documentElement.lang === "de";
/** @type {Record<string, any>} */
const words = (await (isGerman ? import("../words/de.js") : import("../words/en.js"))).words;
const plural = new Intl.PluralRules(words.language);

/**
 * Return the text of a key, with its gaps filled in; `n` chooses singular or plural.
 * @param {string} key @param {Record<string, string | number>} [gaps]
 */
export function t(key, gaps = {}) {
  const found = words[key];
  if (found === undefined) throw new Error(`no words for ${key}`);
  const text = typeof found === "string" ? found : found[plural.select(Number(gaps.n))] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (/** @type {string} */ _, /** @type {string} */ name) => String(gaps[name] ?? ""));
}

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayFormat = new Intl.DateTimeFormat(words.language, { weekday: "long", day: "numeric", month: "long" });
const yearFormat = new Intl.DateTimeFormat(words.language, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

/** Return a time of day. @param {number} at milliseconds */
export function clock(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "--:--" : clockFormat.format(date);
}

/** Return the local day of a moment, for comparing. @param {number} at */
export function dayKey(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** Return a day in words. @param {number} at @param {number} now both in milliseconds */
export function day(at, now) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  if (dayKey(at) === dayKey(now)) return t("today");
  if (dayKey(at) === dayKey(now - 86_400_000)) return t("yesterday");
  const format = date.getFullYear() === new Date(now).getFullYear() ? dayFormat : yearFormat;
  return format.format(date);
}
