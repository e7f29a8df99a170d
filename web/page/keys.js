/** Keys, and signs of the browser. */

import { keepPlaces } from "./places.js";

/** @param {any} page */
export function listen(page) {
  const { model, views } = page;
  addEventListener("focus", () => page.look());
  addEventListener("blur", () => page.look());
  document.addEventListener("visibilitychange", () => {
    page.look();
    page.draw();
    // Phones end a tab that is hidden without another sign.
    keepPlaces(page);
  });
  addEventListener("pagehide", () => keepPlaces(page));
  for (const type of ["online", "offline"]) {
    addEventListener(type, () => {
      page.look();
      page.draw();
    });
  }
  addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || model.phase !== "chat") return;
    if (document.querySelector("dialog[open]")) return;
    const control = event.ctrlKey || event.metaKey;
    if (control && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      views.goTo();
    } else if (control && event.shiftKey && event.key.toLowerCase() === "f") {
      event.preventDefault();
      views.openSearch();
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      step(page, event.key === "ArrowUp" ? -1 : 1, event.shiftKey);
    } else if (event.key === "F6") {
      event.preventDefault();
      views.nextPane(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      escape(page);
    }
  });
  const { log } = views.log;
  /** @type {Record<string, () => void>} */
  const moves = {
    ArrowUp: () => log.focusBy(-1),
    ArrowDown: () => log.focusBy(1),
    PageUp: () => log.pageBy(-1),
    PageDown: () => log.pageBy(1),
    Home() {
      log.toStart();
      log.focusBy(-Infinity);
    },
    End() {
      log.toEnd();
      log.focusBy(Infinity);
    },
  };
  log.scroller.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const move = moves[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    move();
  });
}

/** Open the next room or person. @param {any} page @param {number} by @param {boolean} unread */
function step(page, by, unread) {
  const { model } = page;
  const all = [...model.list("room"), ...model.list("person")];
  const at = all.findIndex((each) => each.id === model.openId);
  for (let n = 1; n <= all.length; n += 1) {
    const next = all[(at + by * n + all.length * n) % all.length];
    if (next && next.id !== model.openId && (!unread || next.unread(model.nick).count)) {
      return page.open(next.id);
    }
  }
}

/** Close what is open; then mark as read; then go to the end. @param {any} page */
function escape(page) {
  const { model, views } = page;
  if (model.notice) {
    model.notice = "";
    return page.draw();
  }
  if (model.search) return page.searcher.close();
  if (views.isPaneOpen) return views.pane("main");
  const where = model.open;
  if (!where) return;
  if (where.unread(model.nick).count || where.newSeq !== null) {
    return page.reading.all(where);
  }
  views.log.log.toEnd();
  views.box.focus();
}
