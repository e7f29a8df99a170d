/** Drafts and preferences, in localStorage; where that is forbidden, in memory. */

/** @type {Map<string, string>} */
const memory = new Map();

/** @param {string} name @param {string} [otherwise] */
export function get(name, otherwise = "") {
  try {
    return memory.get(name) ?? localStorage.getItem(name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/**
 * `after`: not before that. A draft is forgotten once its message is kept: the tab may be closed at once.
 * @param {string} name @param {string} value empty: forget it @param {(() => Promise<any>) | null} [after]
 */
export async function set(name, value, after) {
  memory.set(name, value);
  // Not at once: the box is emptied just before its message is sent.
  if (after) await Promise.resolve().then(after);
  if (memory.get(name) !== value) return;
  try {
    if (value) localStorage.setItem(name, value);
    else localStorage.removeItem(name);
  } catch {
    // It is full or forbidden: the memory has it.
  }
}

/** Let what is kept of one conversation be that of another, unless that has its own. @param {string} from @param {string} to */
export function move(from, to) {
  for (const kind of ["draft", "notify"]) {
    const value = get(`${kind} ${from}`);
    if (value && !get(`${kind} ${to}`)) set(`${kind} ${to}`, value);
    set(`${kind} ${from}`, "");
  }
}

/** Forget everything. */
export function erase() {
  memory.clear();
  try {
    localStorage.clear();
  } catch {
    // It was never kept.
  }
}
