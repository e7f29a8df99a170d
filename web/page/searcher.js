/** Searches the open conversation: first what is on this device, then all that nodes keep. */

import { begin, look } from "./find.js";
import { toRow } from "./loader.js";

/** Messages that are fetched at once: the most that a node gives. */
const PAGE = 200;

export class Searcher {
  /** Changes when a search is given up. */
  #turn = 0;
  /** Where the focus was. @type {Element | null} */
  #before = null;

  /** @param {any} page */
  constructor(page) {
    this.page = page;
  }

  /** Show the box for the search. */
  async open() {
    const { model, views } = this.page;
    if (!model.open) return;
    if (!model.search) this.#before = document.activeElement;
    if (!model.search) await this.find(views.search.value);
    views.pane("main");
    this.page.drawNow();
    views.search.focus();
  }

  /** Put the search away, and the focus back. */
  close() {
    this.#turn += 1;
    this.page.model.search = null;
    this.page.drawNow();
    const before = /** @type {any} */ (this.#before);
    if (before?.isConnected && before !== document.body) before.focus();
    else this.page.views.focusBox();
  }

  /** Show a hit among the messages around it. @param {import("./conversation.js").Row} row */
  async show(row) {
    const { model, loader, views } = this.page;
    const where = model.search?.where;
    if (!where) return;
    await loader.reach(where, row.seq);
    if (model.open !== where) return;
    this.page.drawNow();
    views.log.log.show(`m ${row.position}`);
    views.log.log.focus(`m ${row.position}`);
  }

  /** Search what is on this device. @param {string} query */
  async find(query) {
    const { model, keep } = this.page;
    const where = model.open;
    if (!where) return;
    const turn = (this.#turn += 1);
    const entries = keep.isKept && query.trim() ? await keep.between(where.id) : [];
    if (turn !== this.#turn || model.open !== where) return;
    const rows = entries.length ? entries.map(toRow) : where.rows;
    const search = begin(where, query);
    look(search, rows);
    model.search = search;
    this.page.draw();
  }

  /** Go on to the beginning of what nodes keep of the room, page by page. */
  async all() {
    const { model, loader } = this.page;
    const { search } = model;
    if (!search || search.state === "running") return;
    const turn = (this.#turn += 1);
    search.state = "running";
    this.page.draw();
    // From the oldest message that was searched: others may have been fetched since.
    let before = search.oldest ?? search.where.oldest;
    while (true) {
      const found = await loader.fetchPage(search.where, before, PAGE).catch(() => null);
      if (turn !== this.#turn || model.search !== search) return;
      if (found === null) return this.stop();
      if (!this.page.keep.isKept) search.where.prepend(found.rows);
      look(search, found.rows);
      before = found.rows[0]?.position ?? before;
      if (!found.more || !found.rows.length) search.state = "done";
      this.page.draw();
      if (search.state === "done") return;
    }
  }

  /** Stop fetching; what was found stays. */
  stop() {
    const { search } = this.page.model;
    this.#turn += 1;
    if (search?.state === "running") search.state = "stopped";
    this.page.draw();
  }
}
