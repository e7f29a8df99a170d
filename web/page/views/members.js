/** Who is in the room. */

import { fold } from "../../sdk/names.js";
import { safeWord } from "../../sdk/sanitize.js";
import { arrange, h, setText } from "../dom.js";
import { t } from "../words.js";
import { colour } from "./rows.js";

const SHOWN_MOST = 300;

/** @param {{person: (nick: string) => void, moreMembers: () => void, leave: (room: string) => void, closeMembers: () => void}} actions */
export function membersView(actions) {
  const head = h("h2", { class: "head" });
  const close = h("button", { type: "button", class: "icon close", "aria-label": t("close"), on: { click: actions.closeMembers } }, "×");
  const filter = h("input", { type: "search", class: "filter", placeholder: t("filterMembers"), "aria-label": t("filterMembers") });
  const list = h("ul", { class: "people" });
  const more = h("button", { type: "button", class: "quiet", hidden: true, on: { click: actions.moreMembers } }, t("more"));
  const leave = h("button", { type: "button", class: "quiet leave", on: { click: () => last?.open && actions.leave(last.open.name) } });
  const element = h("aside", { class: "members", "aria-label": t("members") }, h("div", { class: "heads" }, head, close), filter, list, more, leave);
  /** @type {Map<string, HTMLElement>} */
  let made = new Map();
  /** @type {import("../model.js").Model | null} */
  let last = null;
  filter.addEventListener("input", () => last && update(last));

  /** @param {import("../model.js").Model} model */
  function update(model) {
    last = model;
    const where = model.open;
    element.hidden = where?.kind !== "room";
    if (where?.kind !== "room") return;
    setText(leave, t("leaveRoom", { room: `#${safeWord(where.name)}` }));
    setText(head, t("membersIn", { n: where.memberCount }));
    const all = [...(where.members?.values() ?? [])].sort((a, b) => a.nick.localeCompare(b.nick));
    filter.hidden = all.length < 12 && !filter.value;
    const wanted = fold(filter.value.trim());
    const shown = all.filter(({ nick }) => fold(nick).includes(wanted)).slice(0, SHOWN_MOST);
    /** @type {Map<string, HTMLElement>} */
    const next = new Map();
    for (const member of shown) {
      const key = `${member.nick} ${member.account} ${model.isMe(member.nick)}`;
      next.set(key, made.get(key) ?? person(member, model.isMe(member.nick)));
    }
    made = next;
    arrange(list, [...next.values()]);
    more.hidden = !where.hasMoreMembers;
  }

  /** @param {{nick: string, account: boolean}} member @param {boolean} isMe */
  function person({ nick, account }, isMe) {
    const name = h("bdi", { class: `who n${colour(nick)}` }, safeWord(nick));
    const marks = [account && h("span", { class: "mark", title: t("account") }, "✓ ", t("account")), isMe && h("span", { class: "mark" }, t("you"))];
    if (isMe) return h("li", { class: "person" }, name, ...marks);
    const click = () => actions.person(nick);
    return h("li", {}, h("button", { type: "button", class: "person", title: t("messageTo", { nick: safeWord(nick) }), on: { click } }, name, ...marks));
  }
  return { element, update };
}
