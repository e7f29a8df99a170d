/** The list of rooms and people, and the line about the connection. */

import { safeWord } from "../../sdk/sanitize.js";
import { arrange, h, setText } from "../dom.js";
import { status } from "../status.js";
import { t } from "../words.js";

/**
 * @param {{open: (id: string) => void, goTo: () => void, settings: () => void, useHere: () => void,
 *   again: () => void}} actions
 */
export function roomsView(actions) {
  const button = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ sign, /** @type {() => void} */ act) =>
    h("button", { type: "button", class: name, title: label, "aria-label": label, on: { click: act } }, sign);
  const rooms = h("ul", { class: "places" });
  const people = h("ul", { class: "places" });
  const peopleHead = h("h2", { class: "head" }, t("people"));
  const go = h(
    "button",
    { type: "button", class: "go", on: { click: actions.goTo }, "aria-keyshortcuts": "Control+K" },
    h("span", {}, t("goTo")),
    h("kbd", { "aria-hidden": "true" }, t("goToKey")),
  );
  const words = h("span", {});
  const line = h("div", { class: "connection", role: "status", "aria-live": "off" }, h("span", { class: "dot", "aria-hidden": "true" }), words);
  const act = h("button", { type: "button", class: "quiet", hidden: true });
  const connection = h("div", { class: "status" }, line, act);
  const me = h("div", { class: "me" });
  const nick = h("bdi", { class: "own" });
  act.addEventListener("click", () => (act.dataset.action === "here" ? actions.useHere() : actions.again()));
  const element = h(
    "nav",
    { class: "rooms", "aria-label": t("rooms") },
    h("div", { class: "product" }, t("product")),
    go,
    h(
      "div",
      { class: "lists" },
      h("div", { class: "heads" }, h("h2", { class: "head" }, t("rooms")), button("icon", t("createOrJoin"), "+", actions.goTo)),
      rooms,
      peopleHead,
      people,
    ),
    h("div", { class: "foot" }, me, button("icon", t("settings"), "⚙", actions.settings)),
  );
  /** @type {Map<string, any>} */
  const made = new Map();
  me.append(nick, connection);
  return {
    element,
    connection,
    me,
    /** @param {import("../model.js").Model} model @param {number} now */
    update(model, now) {
      for (const [list, kind] of /** @type {[HTMLElement, "room" | "person"][]} */ ([[rooms, "room"], [people, "person"]])) {
        arrange(list, model.list(kind).map((each) => placeOf(each, model)));
      }
      peopleHead.hidden = !people.childElementCount;
      setText(nick, safeWord(model.nick));
      const found = status(model, now);
      setText(words, found.text);
      line.dataset.connected = String(found.connected);
      act.hidden = !found.action;
      if (found.action) {
        act.dataset.action = found.action;
        setText(act, t(found.action === "here" ? "useHere" : "tryAgain"));
      }
    },
  };

  /** @param {import("../conversation.js").Conversation} where @param {import("../model.js").Model} model */
  function placeOf(where, model) {
    let place = made.get(where.id);
    if (!place) {
      const name = h("bdi", { class: "name" });
      const count = h("span", { class: "count" });
      const named = h("span", { class: "at", title: t("mentioned"), "aria-label": t("mentioned"), role: "img" }, "@");
      const click = () => actions.open(where.id);
      const link = h("button", { type: "button", class: "place", on: { click } }, h("span", { class: "sign", "aria-hidden": "true" }, where.kind === "room" ? "#" : "@"), name, count, named);
      place = { element: h("li", {}, link), link, name, count, named };
      made.set(where.id, place);
    }
    const unread = where.unread(model.nick);
    const isOpen = model.openId === where.id;
    setText(place.name, safeWord(where.name));
    place.count.hidden = !unread.count;
    setText(place.count, unread.count ? String(unread.count) : "");
    place.named.hidden = !unread.named;
    place.link.classList.toggle("unread", unread.count > 0);
    if (isOpen) place.link.setAttribute("aria-current", "page");
    else place.link.removeAttribute("aria-current");
    return place.element;
  }
}
