/** The elements of the list of messages. */

import { safeLine, safeWord } from "../../sdk/sanitize.js";
import { h } from "../dom.js";
import { parts } from "../links.js";
import { isTall, safeText } from "../text.js";
import { clock, t } from "../words.js";

/** Return the number of a nick's colour. @param {string} nick */
export function colour(nick) {
  let hash = 0x811c9dc5;
  for (const character of nick.toLowerCase()) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return (hash >>> 8) % 12;
}

/**
 * Return what makes an element of an item.
 * @param {{edit: (id: string) => void, discard: (id: string) => void, again: (id: string) => void,
 *   person: (nick: string) => void, menu: (item: any, at: any) => void, columns: () => number}} actions
 */
export function rowMaker(actions) {
  /** @type {Record<string, (item: any) => HTMLElement>} */
  const kinds = {
    message: (item) => message(item, actions),
    day: ({ text }) => h("li", { class: "rule" }, h("span", {}, text)),
    new: ({ count }) => h("li", { class: "rule new" }, h("span", {}, t("newRule", { n: count }))),
    start: (item) => h("li", { class: "note" }, startText(item)),
    loading: () => h("li", { class: "note" }, t("loading")),
    gap: (item) => h("li", { class: "rule gap" }, h("span", {}, gapText(item))),
    presence: ({ rows }) => h("li", { class: "note presence" }, presenceText(rows)),
  };
  return (/** @type {any} */ item) => /** @type {any} */ (kinds[item.kind])(item);
}

/** @param {any} item */
function startText({ isEmpty, where }) {
  if (!isEmpty) return t("oldest");
  return where.kind === "room" ? t("emptyRoom") : t("emptyPerson", { name: safeWord(where.name) });
}

/** @param {any} item */
function gapText({ from, to }) {
  return from && to ? t("gap", { from: clock(from), to: clock(to) }) : t("gapShort");
}

/** @param {any[]} rows */
function presenceText(rows) {
  if (rows.length <= 2) return rows.map(sentence).join(" · ");
  const entered = rows.filter(({ type }) => type === "entered").length;
  const left = rows.filter(({ type }) => type === "left").length;
  return [entered && t("manyEntered", { n: entered }), left && t("manyLeft", { n: left })].filter(Boolean).join(", ");
}

/** @param {any} row */
function sentence({ type, nick, from, reason, text }) {
  const name = safeWord(nick);
  if (type === "entered") return t("entered", { nick: name });
  if (type === "renamed") return t("renamed", { nick: name, from: safeWord(from) });
  if (reason === "kicked") return text ? t("kickedWhy", { nick: name, why: safeLine(text) }) : t("kicked", { nick: name });
  return t(reason === "lost" ? "lost" : "left", { nick: name });
}

/** @param {any} item @param {any} actions */
function message(item, actions) {
  const { row, mine, named, continued, state } = item;
  const isAction = row.kind === "action";
  const names = ["message", mine && "mine", named && "named", continued && "continued", isAction && "action", state];
  const who = h("bdi", { class: `who n${colour(row.from)}` }, safeWord(row.from));
  const time = h("time", { dateTime: isoOf(row.at), class: "time" }, clock(row.at));
  const author = mine ? who : h("button", { class: "author", type: "button", tabIndex: -1, on: { click: () => actions.person(row.from) } }, who);
  const click = (/** @type {Event} */ { currentTarget }) => actions.menu(item, currentTarget);
  return h(
    "li",
    {
      class: names.filter(Boolean).join(" "),
      tabIndex: -1,
      "data-position": row.position,
      "data-from": row.from,
      ...(state && { "data-state": state }),
    },
    time,
    h("div", { class: "body" }, !continued && author, body(row.text, actions.columns()), item.isTold && told(item, actions)),
    // Enter on the row does the same, so Tab need not stop here.
    h("button", { type: "button", class: "icon more", tabIndex: -1, title: t("actions"), "aria-label": t("actions"), "aria-haspopup": "menu", on: { click } }, "⋯"),
  );
}

/** @param {number} at */
function isoOf(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** @param {string} raw @param {number} columns */
function body(raw, columns) {
  const text = safeText(raw);
  const element = h("div", { class: "text", dir: "auto" }, ...parts(text).map(part));
  if (!isTall(text, columns)) return element;
  element.classList.add("folded");
  const all = h("button", { type: "button", class: "quiet", on: { click: open } }, t("showAll"));
  function open() {
    element.classList.remove("folded");
    all.remove();
  }
  return h("div", {}, element, all);
}

/** @param {import("../links.js").Part} part */
function part({ text, href, host }) {
  if (!href) return text;
  const link = h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, text);
  return host ? h("span", {}, link, " ", t("isHost", { host })) : link;
}

/** What became of a message of ours. @param {any} item @param {any} actions */
function told({ state, outgoing }, actions) {
  if (state === "kept") return h("span", { class: "state" }, t("kept"));
  if (state === "waiting") return h("span", { class: "state" }, t("waiting"));
  const { id, why = "" } = outgoing;
  const button = (/** @type {string} */ key, /** @type {(id: string) => void} */ act, title = "") =>
    h("button", { type: "button", class: "quiet", title, on: { click: () => act(id) } }, t(key));
  const words = state === "refused" ? t("refused", { why: safeLine(why) }) : t("unknown");
  const first =
    state === "refused" ? button("edit", actions.edit) : button("sendAgain", actions.again, t("mayTwice"));
  return h("div", { class: "state problem" }, h("span", {}, words), " ", first, " ", button("discard", actions.discard));
}
