/** Parses what is typed into the box. Pure. */

/** @typedef {{type: string, [field: string]: any}} Meaning */

/** @type {Record<string, [string, (rest: string) => Meaning | null]>} */
const COMMANDS = {
  create: ["ROOM", (rest) => word(rest, (room) => ({ type: "create", room }))],
  join: ["ROOM", (rest) => word(rest, (room) => ({ type: "join", room }))],
  leave: [
    "[ROOM]",
    (rest) => (rest ? word(rest, (room) => ({ type: "leave", room })) : { type: "leave" }),
  ],
  nick: ["NICK", (rest) => word(rest, (nick) => ({ type: "nick", nick }))],
  msg: ["NICK TEXT", direct],
  me: ["TEXT", (rest) => (rest ? { type: "say", text: rest, kind: "action" } : null)],
  rooms: ["", nothing("rooms")],
  who: ["", nothing("who")],
  history: ["", () => ({ type: "history" })],
  retry: ["", nothing("retry")],
  help: ["", nothing("help")],
  quit: ["", nothing("quit")],
};

/**
 * Return the meaning of a typed text: `say`, a command, or `error` with the key of its words.
 * @param {string} text @returns {Meaning | null}
 */
export function parse(text) {
  if (!text.trim()) return null;
  if (text.startsWith("//")) return { type: "say", text: text.slice(1) };
  const found = /^\/(\S*)\s*([^]*)$/.exec(text);
  if (!found) return { type: "say", text };
  const name = (found[1] ?? "").toLowerCase();
  const row = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!row) return { type: "error", key: "noCommand", gaps: { name } };
  const [usage, read] = row;
  const meaning = read((found[2] ?? "").trim());
  return meaning ?? { type: "error", key: "usage", gaps: { usage: `/${name} ${usage}`.trim() } };
}

/**
 * Read the text as a line in the person's window, except that it can only be a message.
 * @param {string} rest @returns {Meaning | null}
 */
function direct(rest) {
  const found = /^(\S+)\s+([^]*\S[^]*)$/.exec(rest);
  if (!found) return null;
  const [, to, text = ""] = found;
  if (!text.startsWith("/")) return { type: "direct", to, text };
  if (text.startsWith("//")) return { type: "direct", to, text: text.slice(1) };
  const action = /^\/me\s+([^]*)$/i.exec(text);
  if (action) return { type: "direct", to, text: action[1], kind: "action" };
  return { type: "error", key: "onlyMe" };
}

/** @param {string} rest @param {(word: string) => Meaning} make */
function word(rest, make) {
  return rest && !/\s/.test(rest) ? make(rest) : null;
}

/** @param {string} type @returns {(rest: string) => Meaning | null} */
function nothing(type) {
  return (rest) => (rest ? null : { type });
}
