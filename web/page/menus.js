/** What can be done with a message, a person and a conversation. */

import { fold } from "../sdk/names.js";
import { safeWord } from "../sdk/sanitize.js";
import { h } from "./dom.js";
import { LEVELS } from "./model.js";
import { cardView, menuView } from "./views/menu.js";
import { colour } from "./views/rows.js";
import { t } from "./words.js";

/** @typedef {import("./views/menu.js").Choice} Choice */

/** The menus of the page; they are loaded when the first one is wanted. */
export class Menus {
  #menu = menuView();
  #card = cardView();

  /** @param {any} page @param {HTMLElement} parent */
  constructor(page, parent) {
    this.page = page;
    parent.append(this.#menu.element, this.#card.element);
  }

  /** @param {any} item of the list @param {Element} at */
  message({ row, mine, outgoing }, at) {
    const { page } = this;
    const where = page.model.open;
    const nick = safeWord(row.from);
    /** @type {Choice[]} */
    const choices = [{ label: t("copy"), act: () => void copy(row.text, page) }];
    if (!outgoing) {
      if (!mine) choices.push({ label: t("reply"), act: () => this.#address(row.from) });
      choices.push({ label: t("unreadFrom"), act: () => page.reading.unreadFrom(where, row.seq) });
      if (!mine) choices.push({ label: t("about", { nick }), act: () => this.person(row.from) });
    }
    this.#menu.open(t("actionsOn", { nick }), choices, at);
  }

  /** The menu of the open conversation. @param {Element} at */
  conversation(at) {
    const { page } = this;
    const where = page.model.open;
    if (!where) return;
    /** @type {Record<string, string>} */
    const words = { all: "notifyAll", mentions: "notifyMentions", none: "notifyNone" };
    const isRoom = where.kind === "room";
    const levels = isRoom ? LEVELS : ["all", "none"];
    const shown = isRoom || where.level === "none" ? where.level : "all";
    /** @type {Choice[]} */
    const choices = levels.map((level) => {
      return { label: t(words[level] ?? ""), checked: level === shown, act: () => page.notifyOf(where, level) };
    });
    const name = safeWord(where.name);
    if (isRoom) choices.push({ label: t("leaveRoom", { room: `#${name}` }), act: () => page.leave(where.name) });
    this.#menu.open(t("moreOf", { name }), choices, at);
  }

  /** The card of a person. @param {string} nick */
  person(nick) {
    const { page } = this;
    const { open } = page.model;
    const member = open?.members?.get(fold(nick));
    const safe = safeWord(nick);
    const about = [];
    if (member?.account) about.push(t("hasAccount"));
    if (open?.kind === "room" && open.members) about.push(t(member ? "isHere" : "isAway", { name: safeWord(open.name) }));
    const message = () => {
      page.person(nick);
      page.views.focusBox();
    };
    const choices = [{ label: t("messageTo", { nick: safe }), act: message }];
    if (open?.kind === "room") choices.push({ label: t("mention", { nick: safe }), act: () => this.#address(nick) });
    this.#card.open({ name: h("bdi", { class: `who n${colour(nick)}` }, safe), label: safe, about, choices });
  }

  /** Begin the message in the box with a nick. @param {string} nick */
  #address(nick) {
    const { box } = this.page.views;
    if (!box.value.startsWith(`@${nick} `)) box.fill(`@${nick} ${box.value}`);
    this.page.typed(box.value);
    box.focus();
  }
}

/** @param {string} text @param {any} page */
async function copy(text, page) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // On http:// there is no clipboard, but for this.
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    const area = h("textarea", { class: "spoken", value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    before?.focus({ preventScroll: true });
  }
  page.notify.say(t("copied"));
}
