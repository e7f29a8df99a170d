/** All views, and which of them are shown. */

import { h, setText } from "../dom.js";
import * as preferences from "../preferences.js";
import { t } from "../words.js";
import { boxView } from "./box.js";
import { entranceView } from "./entrance.js";
import { logView } from "./log.js";
import { membersView } from "./members.js";
import { roomsView } from "./rooms.js";

/** Parts that nobody wants before entering. @type {Record<string, () => Promise<any>>} */
const LATER = {
  complete: () => import("./complete.js"),
  menus: () => import("../menus.js"),
  picker: () => import("./picker.js"),
  search: () => Promise.all([import("./search.js"), import("../searcher.js")]),
  settings: () => import("../settings.js"),
};

/** The panes of the page. On a narrow screen one of them is shown. */
export class Views {
  /** @param {any} page */
  constructor(page) {
    this.page = page;
    const open = (/** @type {string} */ id) => this.#openAt(id);
    const person = (/** @type {string} */ nick) => {
      page.person(nick);
      this.focusBox();
    };
    const goTo = () => this.goTo();
    this.entrance = entranceView({ enter: (fields) => page.enter(fields) });
    this.rooms = roomsView({
      ...{ open, goTo, settings: () => this.#openSettings() },
      ...{ useHere: () => page.useHere(), again: () => page.again() },
    });
    this.log = logView({
      ...{ goTo, person, wantOlder: () => page.loader.older() },
      ...{ members: () => this.toggleMembers(), back: () => this.pane("rooms") },
      search: () => this.toggleSearch(),
      moved: () => this.log?.tell(page.model),
      menu: (/** @type {any} */ item, /** @type {Element} */ at) => this.#withMenus((menus) => menus.message(item, at)),
      about: (/** @type {Element} */ at) => this.#withMenus((menus) => menus.conversation(at)),
      edit: (/** @type {string} */ id) => page.edit(id),
      discard: (/** @type {string} */ id) => page.discard(id),
      again: (/** @type {string} */ id) => page.sendAgain(id),
    });
    this.box = boxView({
      send: (texts) => page.send(texts),
      typed: (text) => page.typed(text),
      complete: (box, changed) =>
        this.#wanted(
          this.#part("complete", ({ completeView }) =>
            completeView(box, changed, (/** @type {string} */ words) => page.notify.say(words), () => page.loader.rooms()),
          ),
        ),
      enterSends: () => preferences.get("enter", "sends") === "sends",
    });
    this.members = membersView({
      ...{ person, moreMembers: () => page.loader.members() },
      leave: (room) => page.leave(room),
      closeMembers: () => this.toggleMembers(),
    });
    const dismiss = h("button", { type: "button", class: "icon", "aria-label": t("close"), on: { click: () => this.#dismiss() } }, "×");
    this.notice = h("div", { class: "notice", hidden: true }, h("span", {}), dismiss);
    this.version = h(
      "div",
      { class: "notice", role: "alert", hidden: true },
      h("span", {}, t("newVersion")),
      h("button", { type: "button", class: "primary", on: { click: () => location.reload() } }, t("reload")),
    );
    const main = h("main", {}, this.log.head, this.log.element, this.version, this.notice, this.box.element);
    this.main = main;
    this.chat = h("div", { class: "chat" }, this.rooms.element, main, this.members.element);
    const narrow = matchMedia("(max-width: 699px)");
    this.isNarrow = () => narrow.matches;
    narrow.addEventListener("change", () => this.pane(this.chat.dataset.pane ?? "main"));
    this.pane("main");
    this.chat.dataset.members = preferences.get("members", "shown");
    this.#entrance = h("main", { class: "first" });
  }
  #entrance;
  /** Parts that are loaded when they are first wanted. @type {any} */
  search = null;
  /** @type {any} */
  settings = null;
  /** @type {Map<string, Promise<any>>} */
  #parts = new Map();
  #shown = "";
  /** Whether the box gets the focus as soon as it is there. */
  #isFocusOwed = false;

  /** Open a conversation, to write there. @param {string} id */
  #openAt(id) {
    this.page.open(id);
    this.focusBox();
  }

  /** @param {HTMLElement} parent */
  place(parent) {
    this.parent = parent;
    parent.append(this.page.notify.element);
  }

  /** @param {import("../model.js").Model} model @param {number} now */
  update(model, now) {
    const isCard = model.phase === "chat" && model.connection.state === "ended" && model.entrance.needed;
    const shown = `${model.phase} ${isCard}`;
    if (shown !== this.#shown && this.parent) {
      this.#shown = shown;
      this.#entrance.remove();
      this.chat.remove();
      if (model.phase === "chat") {
        this.parent.prepend(this.chat);
        if (isCard) this.main.insertBefore(this.entrance.element, this.notice);
        else this.entrance.element.remove();
        this.opened();
        this.#isFocusOwed = !matchMedia("(pointer: coarse)").matches && !isCard;
      } else {
        this.#entrance.append(this.entrance.element);
        this.parent.prepend(this.#entrance);
      }
    }
    this.entrance.update(model);
    if (model.phase !== "chat") return;
    this.rooms.update(model, now);
    this.box.update(model);
    this.members.update(model);
    this.version.hidden = !model.hasNewVersion;
    this.notice.hidden = !model.notice;
    setText(this.notice.firstChild, model.notice);
    this.search?.update(model, now);
    this.log.update(model, now);
    // The first room comes a moment after the welcome.
    if (this.#isFocusOwed && model.open) {
      this.#isFocusOwed = false;
      this.box.focus();
    }
  }

  /** Another conversation is open: give it its draft. */
  opened() {
    const { openId } = this.page.model;
    const draft = openId === null ? "" : preferences.get(`draft ${openId}`);
    if (this.box.value !== draft) this.box.fill(draft);
  }

  /** Remember where the reader is in the open conversation. */
  notePlace() {
    const { open } = this.page.model;
    if (open && this.isLogShown) open.place = this.log.log.place;
  }

  get isLogShown() {
    return this.log.element.offsetParent !== null;
  }

  get isPaneOpen() {
    return this.chat.dataset.pane !== "main";
  }

  /** Show one pane, where there is room for one only. @param {string} name */
  pane(name) {
    this.notePlace();
    this.chat.dataset.pane = name;
    // The line about the connection is always in view.
    const isAbove = this.isNarrow() && name !== "rooms";
    const place = isAbove ? this.log.titles : this.rooms.me;
    if (this.rooms.connection.parentNode !== place) place.append(this.rooms.connection);
  }

  toggleMembers() {
    if (matchMedia("(max-width: 899px)").matches) {
      return this.pane(this.chat.dataset.pane === "members" ? "main" : "members");
    }
    const shown = this.chat.dataset.members === "shown" ? "hidden" : "shown";
    this.chat.dataset.members = shown;
    preferences.set("members", shown);
  }

  /** Go on writing, where a keyboard does not hide the page. */
  focusBox() {
    this.pane("main");
    if (!matchMedia("(pointer: coarse)").matches) this.box.focus();
  }

  async goTo() {
    const picker = await this.#wanted(this.#picker());
    picker?.open(this.page.model);
  }

  #picker() {
    const { page } = this;
    return this.#part("picker", ({ pickerView }) =>
      pickerView({
        open: (/** @type {string} */ id) => this.#openAt(id),
        join: (/** @type {string} */ room) => page.join(room, "join"),
        create: (/** @type {string} */ room) => page.join(room, "either"),
        listRooms: () => page.loader.rooms(),
      }),
    );
  }

  /** @param {(menus: any) => void} open */
  async #withMenus(open) {
    const menus = await this.#wanted(this.#part("menus", ({ Menus }) => new Menus(this.page, this.parent ?? document.body)));
    if (menus) open(menus);
  }

  async openSearch() {
    const { page } = this;
    if (!page.model.open) return;
    const search = this.#part("search", ([{ searchView }, { Searcher }]) => {
      const searcher = (page.searcher = new Searcher(page));
      return searchView({
        find: (/** @type {string} */ query) => searcher.find(query),
        searchAll: () => searcher.all(),
        stop: () => searcher.stop(),
        closeSearch: () => searcher.close(),
        showHit: (/** @type {any} */ row) => searcher.show(row),
      });
    });
    this.search = await this.#wanted(search);
    if (!this.search) return;
    this.log.head.after(this.search.element);
    await page.searcher.open();
  }

  /** Load all parts, so that they open at once, also without a network. */
  prepare() {
    for (const load of Object.values(LATER)) load().catch(() => {});
    // It is made, too: who presses its keys goes on typing at once.
    this.#picker().catch(() => {});
  }

  toggleSearch() {
    return this.page.model.search ? this.page.searcher.close() : this.openSearch();
  }

  /**
   * Make a part of the page, which is loaded when it is first wanted; it is made once.
   * @param {string} name @param {(module: any) => any} make @returns {Promise<any>}
   */
  #part(name, make) {
    const found = this.#parts.get(name) ?? this.#load(name, make);
    this.#parts.set(name, found);
    return found;
  }

  /** @param {string} name @param {(module: any) => any} make */
  async #load(name, make) {
    try {
      const view = make(await LATER[name]?.());
      if (view.element?.tagName === "DIALOG") this.parent?.append(view.element);
      return view;
    } catch (error) {
      this.#parts.delete(name);
      throw error;
    }
  }

  /** Return a part; say so, and return null, if it cannot be loaded. @param {Promise<any>} part */
  async #wanted(part) {
    try {
      return await part;
    } catch {
      this.page.say(t("notLoaded"));
      return null;
    }
  }

  /** Move the focus to the next pane. @param {number} by */
  nextPane(by) {
    const panes = [this.rooms.element, this.log.log.scroller, this.box.element, this.members.element];
    const shown = panes.filter((pane) => pane.offsetParent !== null);
    const at = shown.findIndex((pane) => pane.contains(document.activeElement));
    const next = shown[(at + by + shown.length) % shown.length];
    const within = [...(next?.querySelectorAll("textarea, input, button") ?? [])];
    const target = next?.matches("[tabindex]") ? next : within.find((each) => each.offsetParent !== null);
    target?.focus();
  }

  async #openSettings() {
    this.settings = await this.#wanted(this.#part("settings", ({ settingsOf }) => settingsOf(this.page)));
    this.settings?.show();
  }

  #dismiss() {
    this.page.model.notice = "";
    this.page.draw();
  }
}
