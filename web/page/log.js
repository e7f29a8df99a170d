/** A list of which only some hundred rows are in the document; the row in view never moves. */

import { arrange } from "./dom.js";

/** @typedef {import("./items.js").Item} Item */

export const ROWS_MOST = 400;
const STEP = 60;
/** Rows after more have come at once than these: the rows above are made when somebody scrolls. */
const ROWS_NEW = 120;
/** Pixels from the end within which new rows scroll along. */
const AT_END = 8;
/** Pixels that stay in view when one moves by a page. */
const OVERLAP = 48;

/** Shows items in a scrolling element; `make` builds the element of one. */
export class Log {
  /** @type {Item[]} */
  #items = [];
  /** @type {Map<string, {element: HTMLElement, version: string}>} */
  #made = new Map();
  #start = 0;
  #end = 0;
  #isAtEnd = true;
  #isMoving = false;
  #height = 0;

  /**
   * @param {HTMLElement} scroller @param {HTMLElement} list
   * @param {(item: Item) => HTMLElement} make
   * @param {{wantOlder: () => void, moved: () => void}} calls
   */
  constructor(scroller, list, make, calls) {
    this.scroller = scroller;
    this.list = list;
    this.make = make;
    this.calls = calls;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // The box below grows, the window changes, fonts load: the end stays the end.
    new ResizeObserver(() => this.#resized()).observe(scroller);
    new ResizeObserver(() => this.#resized()).observe(list);
  }

  get isAtEnd() {
    return this.#isAtEnd;
  }

  /** Show other items from the beginning. @param {Item[]} items @param {any} place from `place` */
  open(items, place) {
    this.#made.clear();
    this.list.replaceChildren();
    this.#items = items;
    let at = place ? items.findIndex(({ key }) => key === place.key) : -1;
    // Of a run of people who come and go, more or less may be loaded now.
    if (at < 0) at = items.findLastIndex(({ seq = Infinity }) => seq <= place?.seq);
    const item = items[at];
    if (!item) {
      this.#window(items.length);
      this.toEnd();
      return;
    }
    this.#window(Math.min(items.length, at + ROWS_MOST / 2));
    this.#restore({ ...place, key: item.key });
    this.#measure();
  }

  /** Show the items as they are now. @param {Item[]} items */
  update(items) {
    const anchor = this.#isAtEnd ? null : this.#anchor();
    const wasLast = this.#end === this.#items.length;
    const moved = this.#moved(items);
    this.#items = items;
    if (this.#isAtEnd || moved < 0) {
      const rows = items.length - Math.max(0, moved);
      const isMany = rows - this.list.childElementCount > ROWS_NEW;
      this.#window(items.length, isMany ? ROWS_NEW : Math.max(ROWS_NEW, Math.min(ROWS_MOST, rows)));
    } else {
      // Not the rows of the list: the one with the focus may stand aside there.
      const length = Math.max(ROWS_MOST - STEP, this.#end - this.#start);
      this.#start = moved;
      this.#end = wasLast ? Math.min(items.length, moved + ROWS_MOST) : Math.min(items.length, moved + length);
      // What was fetched above goes in above.
      if (moved > 0 && moved <= STEP && this.#end - moved < ROWS_MOST - STEP) this.#start = 0;
      this.#render();
    }
    this.#restore(anchor);
    if (this.#isAtEnd) this.#stick();
    this.#look();
  }

  /** Return where the first row that is drawn stands among new items; -1 if all of them are gone. @param {Item[]} items */
  #moved(items) {
    if (!this.#items.length) return 0;
    const places = new Map(items.map(({ key }, at) => [key, at]));
    // The first one may be gone: the line of a day stands above its oldest message.
    const kept = this.#items.findIndex(({ key }, at) => at >= this.#start && places.has(key));
    if (kept < 0) return -1;
    return Math.max(0, (places.get(this.#items[kept]?.key ?? "") ?? 0) - (kept - this.#start));
  }

  /** Go to the end. */
  toEnd() {
    this.#window(this.#items.length);
    this.#isAtEnd = true;
    this.#stick();
    this.calls.moved();
  }

  /** Go to the oldest row that is loaded. */
  toStart() {
    this.#window(Math.min(this.#items.length, ROWS_MOST));
    this.scroller.scrollTop = 0;
    this.#measure();
    this.#look();
    this.calls.moved();
  }

  /** Scroll by so many pages, and move the focus along. @param {number} pages */
  pageBy(pages) {
    this.scroller.scrollTop += pages * (this.scroller.clientHeight - OVERLAP);
    this.#measure();
    this.#look();
    const rows = this.#rows();
    const top = this.#top();
    const inView = rows.find((row) => row.getBoundingClientRect().top >= top - 1);
    (pages > 0 && this.#isAtEnd ? rows.at(-1) : inView)?.focus({ preventScroll: true });
  }

  #rows() {
    return /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("li[tabindex]")]);
  }

  /** Show one item in the upper part. @param {string} key */
  show(key) {
    const at = this.#items.findIndex((each) => each.key === key);
    if (at < 0) return false;
    this.#window(Math.min(this.#items.length, at + ROWS_MOST / 2));
    const element = this.#made.get(key)?.element;
    const third = this.scroller.clientHeight / 4;
    if (element) this.#shift(element.getBoundingClientRect().top - this.#top() - third);
    this.#measure();
    return true;
  }

  /** Move the focus to an item, without scrolling. @param {string} key */
  focus(key) {
    this.#made.get(key)?.element.focus({ preventScroll: true });
  }

  /** The item whose element this is, or holds it. @param {Element | null} within @returns {Item | undefined} */
  itemOf(within) {
    const element = within?.closest("li");
    return element ? this.#items.find(({ key }) => this.#made.get(key)?.element === element) : undefined;
  }

  /** Where the reader is: an entry at the top; null at the end. */
  get place() {
    return this.#isAtEnd ? null : (this.#anchor(true) ?? this.#anchor());
  }

  /** The place (`seq`) of the last row that is whole in view. */
  get seen() {
    const bottom = this.scroller.getBoundingClientRect().bottom;
    let found = -Infinity;
    for (let i = this.#end - 1; i >= this.#start; i -= 1) {
      const item = /** @type {Item} */ (this.#items[i]);
      if (item.seq === undefined || item.seq === Infinity) continue;
      const element = this.#made.get(item.key)?.element;
      if (element && element.getBoundingClientRect().bottom <= bottom + 2) {
        found = item.seq;
        break;
      }
    }
    return found;
  }

  /** Move the focus by so many rows. @param {number} step */
  focusBy(step) {
    const focused = this.#focused();
    if (focused?.classList.contains("aside")) this.show(this.itemOf(focused)?.key ?? "");
    const rows = this.#rows();
    const found = rows.indexOf(/** @type {any} */ (focused));
    const at = found < 0 ? rows.length : found;
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} end @param {number} most */
  #window(end, most = ROWS_MOST) {
    this.#end = end;
    this.#start = Math.max(0, end - most);
    this.#render();
  }

  #render() {
    const wanted = [];
    const kept = new Map();
    for (const item of this.#items.slice(this.#start, this.#end)) {
      let made = this.#made.get(item.key);
      if (made?.version !== item.version) {
        const element = this.make(item);
        if (made && made.element.contains(document.activeElement)) {
          arrange(made.element, [...element.childNodes]);
          for (const { name, value } of [...element.attributes]) made.element.setAttribute(name, value);
          made = { element: made.element, version: item.version };
        } else made = { element, version: item.version };
      }
      kept.set(item.key, made);
      wanted.push(made.element);
    }
    const focused = this.#focused();
    const item = focused && !wanted.includes(focused) ? this.itemOf(focused) : undefined;
    if (item && focused) {
      // It stays, out of sight: nobody's focus is taken away.
      kept.set(item.key, /** @type {any} */ (this.#made.get(item.key)));
      if (this.#items.indexOf(item) < this.#start) wanted.unshift(focused);
      else wanted.push(focused);
    }
    focused?.classList.toggle("aside", item !== undefined);
    this.#made = kept;
    arrange(this.list, wanted);
    // The item itself is gone; keys go on from the list.
    if (focused && !focused.isConnected) this.scroller.focus({ preventScroll: true });
  }

  /** The row that has the focus, or holds what has it. @returns {HTMLElement | null} */
  #focused() {
    const row = document.activeElement?.closest("li");
    return row && this.list.contains(row) ? row : null;
  }

  #top() {
    return this.scroller.getBoundingClientRect().top;
  }

  /** @param {boolean} isEntry not, for example, the line of a day */
  #anchor(isEntry = false) {
    const top = this.#top();
    for (const item of this.#items.slice(this.#start, this.#end)) {
      const element = this.#made.get(item.key)?.element;
      const box = element?.getBoundingClientRect();
      if (isEntry ? item.seq === undefined : item.kind === "loading" || item.kind === "start") continue;
      if (box && box.bottom > top) return { key: item.key, seq: item.seq, offset: box.top - top };
    }
    return null;
  }

  /** @param {{key: string, offset: number} | null} anchor */
  #restore(anchor) {
    const element = anchor && this.#made.get(anchor.key)?.element;
    if (element) this.#shift(element.getBoundingClientRect().top - this.#top() - anchor.offset);
  }

  /** @param {number} pixels */
  #shift(pixels) {
    if (Math.abs(pixels) < 0.5) return;
    this.#isMoving = true;
    this.scroller.scrollTop += pixels;
    this.#isMoving = false;
  }

  #stick() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#height = this.scroller.scrollHeight;
  }

  #measure() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.#height = scrollHeight;
    this.#isAtEnd =
      this.#end === this.#items.length && scrollHeight - scrollTop - clientHeight <= AT_END;
  }

  #resized() {
    if (this.#isAtEnd) this.#stick();
  }

  #scrolled() {
    if (this.#isMoving) return;
    // A change of the height is no decision of the reader.
    if (this.#isAtEnd && this.scroller.scrollHeight !== this.#height) return this.#stick();
    this.#measure();
    this.#look();
    this.calls.moved();
  }

  /** Slide the window, or fetch older rows, when the reader comes near an end of it. */
  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (!clientHeight) return;
    const above = scrollTop;
    const below = scrollHeight - scrollTop - clientHeight;
    if (above < 2 * clientHeight && this.#start > 0) this.#slide(-STEP);
    else if (above < 2 * clientHeight && this.#start === 0) this.calls.wantOlder();
    else if (below < 2 * clientHeight && this.#end < this.#items.length) this.#slide(STEP);
  }

  /** @param {number} step */
  #slide(step) {
    const anchor = this.#anchor();
    if (step < 0) {
      this.#start = Math.max(0, this.#start + step);
      this.#end = Math.min(this.#end, this.#start + ROWS_MOST);
    } else {
      this.#end = Math.min(this.#items.length, this.#end + step);
      this.#start = Math.max(this.#start, this.#end - ROWS_MOST);
    }
    this.#render();
    this.#restore(anchor);
  }
}
