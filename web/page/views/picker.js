/** The dialog to go to a room or a person, and to create or join a room. */

import { fold } from "../../sdk/names.js";
import { safeWord } from "../../sdk/sanitize.js";
import { h } from "../dom.js";
import { t } from "../words.js";

const SHOWN_MOST = 60;

/**
 * @param {{open: (id: string) => void, join: (room: string) => void, create: (room: string) => void,
 *   listRooms: () => Promise<{room: string, members: number}[]>}} actions
 */
export function pickerView(actions) {
  const input = h("input", {
    type: "text",
    ...{ role: "combobox", "aria-expanded": "true", "aria-controls": "picker-list", "aria-autocomplete": "list" },
    ...{ "aria-label": t("goToHint"), placeholder: t("goToHint"), autocomplete: "off", spellcheck: false, maxLength: 64 },
  });
  const list = h("ul", { id: "picker-list", class: "options", role: "listbox", "aria-label": t("rooms") });
  const none = h("p", { class: "hint", hidden: true }, t("noMatch"));
  const close = h("button", { type: "button", class: "icon", "aria-label": t("close") }, "×");
  const dialog = h("dialog", { class: "picker", "aria-label": t("createOrJoin") }, h("div", { class: "heads" }, input, close), list, none);
  /** @type {{room: string, members: number}[]} */
  let all = [];
  /** @type {(() => void)[]} */
  let choices = [];
  let at = 0;
  let drawn = "";
  /** @type {import("../model.js").Model | null} */
  let model = null;
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (/** @type {Event} */ event) => event.target === dialog && dialog.close());
  input.addEventListener("input", () => {
    at = 0;
    draw();
  });
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && choices.length) {
      event.preventDefault();
      at = (at + step + choices.length) % choices.length;
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      choices[at]?.();
    }
  });

  function draw() {
    if (!model) return;
    const typed = input.value.trim().replace(/^#/, "");
    const wanted = fold(typed);
    const fits = (/** @type {string} */ name) => fold(name).includes(wanted);
    /** @type {[string, string, string, () => void][]} */
    const found = [];
    for (const kind of /** @type {const} */ (["room", "person"])) {
      for (const each of model.list(kind)) {
        if (!fits(each.name)) continue;
        const about = kind === "room" ? t("inIt") : "";
        found.push([kind === "room" ? "#" : "@", each.name, about, () => actions.open(each.id)]);
      }
    }
    const own = new Set(model.list("room").map(({ name }) => fold(name)));
    for (const { room, members } of all) {
      if (own.has(fold(room)) || !fits(room)) continue;
      found.push(["#", room, t("membersIn", { n: members }), () => actions.join(room)]);
    }
    const isKnown = own.has(wanted) || all.some(({ room }) => fold(room) === wanted);
    const options = found.slice(0, SHOWN_MOST).map(([sign, name, about, act]) => ({
      act,
      parts: [h("span", { class: "sign" }, sign), h("bdi", { class: "name" }, safeWord(name)), h("span", { class: "about" }, about)],
    }));
    if (typed && !isKnown) {
      const words = t("create", { room: safeWord(typed) });
      options.push({ act: () => actions.create(typed), parts: [h("span", { class: "sign" }, "+"), h("span", { class: "name" }, words)] });
    }
    choices = options.map(({ act }) => () => {
      dialog.close();
      act();
    });
    const signature = options.map(({ parts }) => parts.map((each) => each.textContent).join(" ")).join("\n");
    if (signature !== drawn) {
      // Elements stay where they are while somebody clicks on one.
      drawn = signature;
      list.replaceChildren(
        ...options.map(({ parts }, number) =>
          h("li", { role: "option", id: `picker-${number}`, class: "option", on: { click: () => choices[number]?.() } }, ...parts),
        ),
      );
    }
    none.hidden = options.length > 0;
    mark();
  }
  function mark() {
    [...list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    input.setAttribute("aria-activedescendant", choices.length ? `picker-${at}` : "");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  return {
    element: dialog,
    /** @param {import("../model.js").Model} shown */
    async open(shown) {
      model = shown;
      input.value = "";
      at = 0;
      if (!dialog.open) dialog.showModal();
      input.focus();
      draw();
      all = await actions.listRooms();
      draw();
    },
  };
}
