/** Drafts and preferences, in localStorage; where that is forbidden, in memory. */

/** @type {Map<string, string>} */
const memory = new Map();

/** @param {string} name @param {string} [otherwise] */
export function get(name, otherwise = "") {
  try {
    return localStorage.getItem(name) ?? memory.get(name) ?? otherwise;
  } catch {
    return memory.get(name) ?? otherwise;
  }
}

/** @param {string} name @param {string} value empty: forget it */
export function set(name, value) {
  memory.set(name, value);
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
