/** The conversation that is open: its head, the list, and the way back to the end. */

import { safeWord } from "../../sdk/sanitize.js";
import { h, setText } from "../dom.js";
import { items } from "../items.js";
import { Log } from "../log.js";
import { t } from "../words.js";
import { onLongPress } from "./press.js";
import { rowMaker } from "./rows.js";

/** The width of a letter in pixels, about. */
const LETTER = 8;

/** @param {any} actions */
export function logView(actions) {
  const title = h("h1", { class: "title", tabIndex: -1 });
  const count = h("button", { type: "button", class: "quiet here", on: { click: actions.members } });
  const unread = h("span", { class: "count" });
  const back = h("button", { type: "button", class: "icon back", "aria-label": t("back"), on: { click: actions.back } }, "‹", unread);
  const titles = h("div", { class: "titles" }, title);
  const search = h("button", { type: "button", class: "icon find", title: t("search"), "aria-label": t("search"), "aria-keyshortcuts": "Control+Shift+F", on: { click: actions.search } });
  const more = h("button", { type: "button", class: "icon", "aria-haspopup": "menu", on: { click: () => actions.about(more) } }, "⋮");
  const head = h("header", { class: "top" }, back, titles, count, search, more);
  const list = h("ol", { class: "rows" });
  const scroller = h("div", { class: "log", role: "log", "aria-live": "off", tabIndex: 0 }, list);
  const below = h("button", { type: "button", class: "below", hidden: true });
  const nowhere = h("div", { class: "nowhere", hidden: true }, h("p", {}, t("noRoomHelp")), h("button", { type: "button", class: "primary", on: { click: actions.goTo } }, t("createOrJoin")));
  const columns = () => Math.max(20, Math.round(scroller.clientWidth / LETTER));
  const log = new Log(scroller, list, rowMaker({ ...actions, columns }), { wantOlder: actions.wantOlder, moved: () => actions.moved() });
  below.addEventListener("click", () => log.toEnd());
  const menu = (/** @type {Element} */ within) => {
    const row = within.closest("li");
    const item = log.itemOf(row);
    if (item?.kind === "message") actions.menu(item, row?.querySelector(".more"));
    return item?.kind === "message";
  };
  onLongPress(list, menu);
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const row = /** @type {HTMLElement} */ (event.target);
    const opens = event.key === "Enter" || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
    if (opens && row.matches("li.message") && menu(row)) event.preventDefault();
  });
  let shown = "";
  return {
    head,
    element: h("div", { class: "logs" }, scroller, nowhere, below),
    log,
    titles,
    /** @param {import("../model.js").Model} model @param {number} now */
    update(model, now) {
      const where = model.open;
      scroller.hidden = !where;
      nowhere.hidden = !!where;
      search.hidden = more.hidden = !where;
      search.setAttribute("aria-expanded", String(model.search !== null));
      count.hidden = !where || where.kind !== "room";
      const all = model.unread.count;
      unread.hidden = !all;
      setText(unread, String(all));
      setText(title, where ? safeWord(where.name) : t("noRoom"));
      title.classList.toggle("room", where?.kind === "room");
      if (!where) {
        shown = "";
        below.hidden = true;
        return;
      }
      const about = t("moreOf", { name: safeWord(where.name) });
      if (more.title !== about) {
        more.title = about;
        more.setAttribute("aria-label", about);
      }
      scroller.setAttribute("aria-label", t("log", { name: safeWord(where.name) }));
      setText(count, t("membersHere", { n: where.memberCount }));
      count.title = t("showMembers");
      const wanted = items(model, where, now);
      if (shown !== where.id) {
        shown = where.id;
        log.open(wanted, where.place);
        if (where.newSeq !== null && !where.isBack) log.show("new");
        where.isBack = false;
      } else log.update(wanted);
      this.tell(model);
    },
    /** Let even the conversation that is open begin where a reader begins. */
    reopen() {
      shown = "";
    },
    /** Say how much is below. @param {import("../model.js").Model} model */
    tell(model) {
      const where = model.open;
      model.isAtEnd = log.isAtEnd;
      below.hidden = !where || log.isAtEnd;
      if (!where || log.isAtEnd) return;
      const n = where.unread(model.nick).count;
      setText(below, n ? t("newBelow", { n }) : t("toEnd"));
    },
  };
}
