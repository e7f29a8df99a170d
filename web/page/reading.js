/** Decides what was read: by eyes, or because the reader says so. */

/** @typedef {import("./conversation.js").Conversation} Conversation */

export class Reading {
  /** The last row that was in view at the last look. @type {{id: string | null, seq: number}} */
  #seen = { id: null, seq: 0 };

  /** @param {any} page */
  constructor(page) {
    this.page = page;
  }

  /** What was in view at two looks, a second apart, was read. */
  look() {
    const { model, views } = this.page;
    const where = model.open;
    // Another tab has newer marks.
    if (!where || !model.isFocused || !views.isLogShown || model.connection.state === "elsewhere") {
      this.#seen = { id: null, seq: 0 };
      return;
    }
    const seq = views.log.log.seen;
    const read = this.#seen.id === where.id ? Math.min(seq, this.#seen.seq) : -Infinity;
    if (model.read(where, read)) this.#marked(where);
    this.#seen = { id: where.id, seq };
  }

  /** Let all of a conversation count as read. @param {Conversation} where */
  all(where) {
    this.page.model.readAll(where);
    this.#marked(where);
  }

  /** Let it count as unread from a place on. @param {Conversation} where @param {number} seq */
  unreadFrom(where, seq) {
    this.page.model.unreadFrom(where, seq);
    this.#marked(where);
  }

  /** Keep the mark. @param {Conversation} where */
  #marked(where) {
    const { keep, model, notify } = this.page;
    keep.read(where.id, where.readSeq);
    if (!where.unread(model.nick).count) notify.wasRead(where.id);
    this.page.draw();
  }
}
