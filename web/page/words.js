/** Gives the words of the page, and dates in the reader's language. */

/** @type {Record<string, any>} */
let words = {};
/** @type {Intl.PluralRules} */
let plural;
/** @type {Intl.DateTimeFormat} */
let dayFormat;
/** @type {Intl.DateTimeFormat} */
let yearFormat;

/** Speak a language, before anything is said. @param {Record<string, any>} chosen its words */
export function speak(chosen) {
  const { language } = (words = chosen);
  const format = /** @type {const} */ ({ weekday: "long", day: "numeric", month: "long" });
  plural = new Intl.PluralRules(language);
  dayFormat = new Intl.DateTimeFormat(language, format);
  yearFormat = new Intl.DateTimeFormat(language, { ...format, year: "numeric" });
}

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
