/** The search in the open conversation: a box below the head, and what was found. */

import { safeLine, safeWord } from "../../sdk/sanitize.js";
import { h, setText } from "../dom.js";
import { excerpt } from "../find.js";
import { clock, day, t } from "../words.js";
import { colour } from "./rows.js";

/** Milliseconds after a key before the search begins. */
const TYPING = 150;

/**
 * @param {{find: (query: string) => void, searchAll: () => void, stop: () => void,
 *   closeSearch: () => void, showHit: (row: any) => void}} actions
 */
export function searchView(actions) {
  const input = h("input", { type: "search", autocomplete: "off", spellcheck: false, maxLength: 200, enterKeyHint: "search" });
  const close = h("button", { type: "button", class: "icon", "aria-label": t("close"), on: { click: actions.closeSearch } }, "×");
  const told = h("span", { class: "told", "aria-live": "polite" });
  const all = h("button", { type: "button", class: "quiet", on: { click: actions.searchAll } }, t("searchAll"));
  const stop = h("button", { type: "button", class: "quiet", on: { click: actions.stop } }, t("stop"));
  const list = h("ol", { class: "hits" });
  const element = h(
    "section",
    { class: "search", role: "search", "aria-label": t("search"), hidden: true, on: { keydown } },
    ...[h("div", { class: "line" }, input, close), h("div", { class: "extra" }, told, all, stop), list],
  );
  let timer = 0;
  /** @type {any} */
  let drawn = null;
  const find = () => {
    clearTimeout(timer);
    timer = 0;
    actions.find(input.value);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, TYPING);
  });

  /** @param {KeyboardEvent} event */
  function keydown(event) {
    if (event.isComposing || event.altKey) return;
    const stops = [input, ...list.querySelectorAll("button")];
    const at = stops.indexOf(document.activeElement);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && at >= 0) {
      event.preventDefault();
      stops[Math.max(0, Math.min(stops.length - 1, at + by))].focus();
    } else if (event.key === "Enter" && at === 0) {
      event.preventDefault();
      if (timer) find();
      else stops[1]?.click();
    }
  }

  return {
    element,
    get value() {
      return input.value;
    },
    focus() {
      input.focus();
      input.select();
    },
    /** @param {import("../model.js").Model} model @param {number} now */
    update({ search }, now) {
      element.hidden = !search;
      if (!search) {
        clearTimeout(timer);
        timer = 0;
        return;
      }
      const { where, query, hits, found, looked, state } = search;
      const name = safeWord(where.name);
      const label = t("searchIn", { name: where.kind === "room" ? `#${name}` : name });
      input.placeholder = label;
      input.setAttribute("aria-label", label);
      if (drawn?.hits !== hits) list.replaceChildren();
      drawn = search;
      list.append(...hits.slice(list.childElementCount).map((row) => hit(row, query, now, actions)));
      list.hidden = !hits.length;
      const isRunning = state === "running";
      element.setAttribute("aria-busy", String(isRunning));
      const key = state === "done" ? "foundAll" : state === "here" ? "foundHere" : "foundSoFar";
      setText(told, query ? t(key, { n: found, looked }) + (found > hits.length ? t("foundMost", { n: hits.length }) : "") : "");
      all.hidden = where.kind !== "room" || !query || isRunning || state === "done";
      stop.hidden = !isRunning;
    },
  };
}

/** @param {any} row @param {string} query @param {number} now @param {any} actions */
function hit(row, query, now, actions) {
  const parts = excerpt(row.text, query).map((part, n) => (n % 2 ? h("mark", {}, safeLine(part)) : safeLine(part)));
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "hit", on: { click: () => actions.showHit(row) } },
      h("bdi", { class: `who n${colour(row.from)}` }, safeWord(row.from)),
      h("span", { class: "about" }, `${day(row.at, now)} ${clock(row.at)}`),
      h("span", { class: "excerpt", dir: "auto" }, ...parts),
    ),
  );
}
