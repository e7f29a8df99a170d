/** Puts the page together: the client, the store, the model and the views. */

import { Chat, Ended, NickRefused, Refused, connect } from "../sdk/chat.js";
import { fold, withSuffix } from "../sdk/names.js";
import { safeLine, safeWord } from "../sdk/sanitize.js";
import { parse } from "./commands.js";
import { idOf } from "./conversation.js";
import { Keep } from "./keep.js";
import { listen } from "./keys.js";
import { Loader } from "./loader.js";
import { Model } from "./model.js";
import { Notify } from "./notify.js";
import * as preferences from "./preferences.js";
import { Reading } from "./reading.js";
import { claim } from "./tabs.js";
import { Views } from "./views/views.js";
import { speak, t } from "./words.js";

const ENTRIES = ["message", "direct", "entered", "left", "renamed", "gap", "ack"];

/**
 * Show the page.
 * @param {Record<string, any>} words of the language that boot.js has chosen
 * @param {Record<string, string>} languages all that there are, by their codes
 */
export async function start(words, languages) {
  speak(words);
  const page = new Page(await Keep.open(), languages);
  await page.start();
}

class Page {
  model = new Model();
  notify = new Notify();
  /** It is loaded when it is first wanted. @type {import("./searcher.js").Searcher | null} */
  searcher = null;
  /** @type {Chat | null} */
  chat = null;
  /** What was typed as the token, until it is known to be right. */
  token = "";
  #isDrawing = false;

  /** @param {Keep} keep @param {Record<string, string>} languages */
  constructor(keep, languages) {
    this.keep = keep;
    this.languages = languages;
    this.loader = new Loader(this);
    this.reading = new Reading(this);
    this.views = new Views(this);
    keep.onFailure = () => this.say(t("notKept"));
  }

  async start() {
    const { model, keep } = this;
    model.sorting = preferences.get("sorting", "name");
    model.levelOf = (id) => preferences.get(`notify ${id}`, "mentions");
    if (preferences.get("notify") === "on") this.notifying(true);
    const steal = sessionStorage.getItem("steal") === "1";
    sessionStorage.removeItem("steal");
    const isLive = await claim({ steal, yielded: () => this.yield() });
    model.connection = { state: "connecting", since: Date.now(), isOffline: !navigator.onLine };
    if (keep.wasWelcomed) await this.loader.restore();
    else model.phase = "entrance";
    document.getElementById("boot")?.remove();
    this.views.place(document.getElementById("app") ?? document.body);
    listen(this);
    this.drawNow();
    if (!isLive) this.yield();
    else if (model.phase === "chat") this.connect({});
    if (model.phase === "entrance") this.views.entrance.focus();
    setInterval(() => this.#tick(), 1000);
    if (!keep.isKept) this.say(t("notKept"));
    if (matchMedia("(any-pointer: coarse)").matches) import("./viewport.js").then(({ fit }) => fit()).catch(() => {});
    import("./version.js").then(({ registerWorker }) => registerWorker()).catch(() => {});
  }

  // The connection

  /** @param {{nick?: string, password?: string, token?: string}} fields */
  connect({ nick, password, token }) {
    const nodes = document.querySelector('meta[name="nodes"]')?.getAttribute("content")?.trim();
    const known = token || this.keep.session?.token;
    const options = {
      ...(nick && { nick }),
      ...(password && { password }),
      ...(known && { token: known }),
      patience: null,
      store: this.keep,
    };
    const chat = connect(nodes ? nodes.split(/\s+/) : undefined, options);
    this.chat = chat;
    chat.listen((received) => this.#took(received));
    chat.ended.then((error) => {
      if (this.chat === chat) this.#ended(error);
    });
  }

  /** @param {import("../sdk/types.js").Received} received */
  #took({ event, show }) {
    if (!show) return;
    const { model, keep } = this;
    const seq = ENTRIES.includes(event.type) ? keep.seqOf(event) : 0;
    model.take(event, { seq, now: Date.now() });
    if (event.type === "welcome") this.#welcomed();
    else if (event.type === "joined") this.loader.joined(event);
    else if (event.type === "left") this.#left(event);
    else if (event.type === "renamed") this.#renamed(event);
    else if (event.type === "entered") this.loader.membersSoon();
    else if (event.type === "announcement") this.say(t("announcement", { text: safeLine(event.text) }));
    else if (event.type === "error" && event.ref === "hello" && event.room != null) this.#lost(event.room, `#${safeWord(event.room)}: ${safeLine(event.text)}`);
    this.notify.tell(model.news.splice(0), model.missed, model.isFocused);
    model.missed.clear();
    this.draw();
  }

  #welcomed() {
    const { entrance } = this.model;
    Object.assign(entrance, { error: "", busy: false, suggestion: "", password: false, token: false });
    this.views.prepare();
    // Nodes change their version by a restart, and then we are welcomed by another one. Without a
    // store a reload would lose the session: then nothing is said.
    if (this.keep.isKept) this.#askVersion();
    this.keep.choose({ wasWelcomed: true, ...(this.token && { token: this.token }) });
    this.token = "";
  }

  async #askVersion() {
    // If the node is away the next welcome asks again.
    this.model.hasNewVersion = await import("./version.js").then(({ isNewer }) => isNewer()).catch(() => false);
    this.draw();
  }

  /** @param {any} event */
  #left({ room, position, nick, reason, text }) {
    if (!this.model.isMe(nick) || this.chat?.rooms.some((each) => fold(each) === fold(room))) return;
    // It has no position if the room is gone for everybody.
    const what = t(position == null ? "roomClosed" : "kickedYou", { room: `#${safeWord(room)}` });
    this.#lost(room, reason === "kicked" ? `${what}${text ? `: ${safeLine(text)}` : "."}` : "");
  }

  /** Forget a room that we are not in any more. @param {string} room @param {string} why to be said */
  #lost(room, why) {
    this.keep.forget(idOf("room", room));
    this.model.removeRoom(room);
    this.views.opened();
    if (why) this.say(why);
  }

  /** @param {any} event */
  #renamed({ room, from, nick }) {
    this.loader.membersSoon();
    if (room == null) this.views.settings?.close();
    else if (!this.model.isMe(nick) && fold(from) !== fold(nick)) {
      this.keep.rename(from, nick);
      preferences.move(idOf("person", from), idOf("person", nick));
    }
  }

  /** @param {Error | null} error */
  #ended(error) {
    const { model } = this;
    this.chat = null;
    if (error === null) return;
    if (error instanceof Ended && error.reason === "replaced") return this.yield();
    model.connection = { ...model.connection, state: "ended", why: safeLine(error.message) };
    if (model.phase !== "chat") model.phase = "entrance";
    const { entrance } = model;
    Object.assign(entrance, { error: safeLine(error.message), busy: false, suggestion: "" });
    if (error instanceof NickRefused) {
      const nick = entrance.nick || model.nick;
      entrance.nick = nick;
      entrance.password = error.account;
      if (error.code === "nick-taken") entrance.suggestion = withSuffix(nick);
      if (error.account) entrance.error = t("needsPassword");
      else if (model.phase === "chat") entrance.error = t("nickLost");
      model.entrance.needed = true;
    } else if (error instanceof Refused && error.code === "bad-token") {
      if (!entrance.token) entrance.error = t("needsToken");
      entrance.token = true;
      model.entrance.needed = true;
    }
    this.draw();
  }

  /** Another tab is live now. */
  yield() {
    const { chat, model } = this;
    this.chat = null;
    chat?.close({ quit: false });
    model.connection = { ...model.connection, state: "elsewhere" };
    if (model.phase === "entrance") model.entrance.error = t("elsewhere");
    this.draw();
  }

  // What a person does

  /** @param {{nick: string, password: string, token: string}} fields */
  enter(fields) {
    if (this.model.connection.state === "elsewhere") return this.useHere();
    const { entrance } = this.model;
    Object.assign(entrance, { nick: fields.nick, error: "", busy: true, needed: false });
    this.token = fields.token;
    this.keep.choose({ nick: fields.nick });
    this.model.connection = { ...this.model.connection, state: "connecting", since: Date.now() };
    this.chat?.close({ quit: false });
    this.connect(fields);
    this.draw();
  }

  useHere() {
    sessionStorage.setItem("steal", "1");
    location.reload();
  }

  again() {
    this.model.connection = { ...this.model.connection, state: "connecting", since: Date.now() };
    this.connect({});
    this.draw();
  }

  /** @param {string} id */
  open(id) {
    const { model, views } = this;
    if (!views.isLogShown) views.log.reopen();
    views.pane("main"); // A log that is not shown cannot be scrolled.
    model.show(id);
    preferences.set("open", id);
    views.opened();
    this.drawNow();
    if (model.open?.kind === "room" && !model.open.members) this.loader.members();
  }

  /** @param {string} nick */
  person(nick) {
    if (this.model.isMe(nick)) return;
    const where = this.model.ensure("person", nick);
    this.open(where.id);
    this.loader.older();
  }

  /** @param {string[]} texts @returns {boolean} whether they left the box */
  send(texts) {
    const where = this.model.open;
    if (!where) return false;
    if (texts.length > 1) return texts.every((text) => this.#post(where, text));
    const meaning = parse(texts[0] ?? "");
    if (!meaning) return false;
    if (meaning.type === "say") return this.#post(where, meaning.text, meaning.kind);
    return this.command(meaning);
  }

  /** @param {import("./conversation.js").Conversation} where @param {string} text @param {string} [kind] */
  #post(where, text, kind) {
    if (!this.chat) return false;
    const to = where.kind === "room" ? { room: where.name } : { to: where.name };
    let posted;
    try {
      posted = this.chat.post({ ...to, text, ...(kind && { kind }) });
    } catch (error) {
      this.say(/** @type {Error} */ (error).message);
      return false;
    }
    const message = { id: posted.id, conversation: where.id, text, at: Date.now(), state: /** @type {const} */ ("waiting") };
    this.model.posted({ ...message, ...(kind && { kind }) });
    if (!this.#wasAsked) navigator.storage?.persist?.().catch(() => {});
    this.#wasAsked = true;
    if (where.unread(this.model.nick).count) this.reading.all(where);
    this.drawNow();
    this.views.log.log.toEnd();
    return true;
  }
  #wasAsked = false;

  /** @param {import("./commands.js").Meaning} meaning */
  command(meaning) {
    const { model } = this;
    const room = meaning.room ?? (model.open?.kind === "room" ? model.open.name : null);
    /** @type {Record<string, () => any>} */
    const commands = {
      error: () => this.say(t(meaning.key, meaning.gaps)),
      create: () => this.join(room, "create"),
      join: () => this.join(room, "join"),
      leave: () => (room === null ? this.say(t("inRoomOnly")) : this.leave(room)),
      nick: () => this.rename(meaning.nick),
      direct: () => {
        this.person(meaning.to);
        return this.#post(model.ensure("person", meaning.to), meaning.text, meaning.kind);
      },
      rooms: () => this.views.goTo(),
      who: () => this.views.pane("members"),
      history: () => this.loader.older(),
      retry: () => model.outgoing.filter(({ state }) => state === "unknown" || state === "refused").forEach(({ id }) => this.sendAgain(id)),
      help: () => this.say(t("help")),
      quit: () => this.quit(),
    };
    return commands[meaning.type]?.() !== false && meaning.type !== "error";
  }

  /** @param {string} room @param {"join" | "create" | "either"} how */
  async join(room, how) {
    const found = this.model.list("room").find(({ name }) => fold(name) === fold(room));
    if (found) return this.open(found.id);
    await this.#try(async (chat) => {
      const joined = await enterRoom(chat, room, how);
      this.open(idOf("room", joined.room));
      this.views.focusBox();
    });
  }

  /** @param {string} room */
  async leave(room) {
    await this.#try((chat) => chat.leave(room));
  }

  /** @param {string} nick */
  async rename(nick) {
    try {
      await this.chat?.rename(nick);
    } catch (error) {
      const text = safeLine(/** @type {Error} */ (error).message);
      if (this.views.settings?.isOpen) this.views.settings.tell(text);
      else this.say(text);
    }
  }

  /** Do something with the node; say why it does not work. @param {(chat: Chat) => Promise<any>} act */
  async #try(act) {
    try {
      if (this.chat) await act(this.chat);
    } catch (error) {
      this.say(safeLine(/** @type {Error} */ (error).message));
    }
    this.draw();
  }

  /** Switch notifications on or off. @param {boolean} on */
  async notifying(on) {
    preferences.set("notify", on ? "on" : "");
    this.notify.notifications = null;
    if (!on) return;
    const { Notifications } = await import("./notifications.js");
    this.notify.notifications = new Notifications((id) => this.model.conversations.has(id) && this.open(id));
  }

  /** @param {import("./conversation.js").Conversation} where @param {string} level */
  notifyOf(where, level) {
    where.level = level;
    preferences.set(`notify ${where.id}`, level === "mentions" ? "" : level);
    this.draw();
  }

  /** @param {string} id */
  sendAgain(id) {
    const message = this.model.outgoing.find((each) => each.id === id);
    const where = message && this.model.conversations.get(message.conversation);
    if (!message || !where || !this.chat) return;
    this.discard(id);
    this.#post(where, message.text, message.kind);
  }

  /** @param {string} id */
  edit(id) {
    const message = this.model.outgoing.find((each) => each.id === id);
    if (!message) return;
    const typed = this.views.box.value;
    this.discard(id);
    this.views.box.fill(typed ? `${message.text}\n${typed}` : message.text);
    this.typed(this.views.box.value);
    this.views.box.focus();
  }

  /** @param {string} id */
  discard(id) {
    this.model.discard(id);
    this.keep.discard(id);
    this.draw();
  }

  /** End the session, and erase everything that is kept here. */
  async quit() {
    const { chat } = this;
    this.chat = null;
    await chat?.close({ quit: true });
    await this.keep.erase();
    preferences.erase();
    location.reload();
  }

  // Reading and writing

  /** @param {string} text */
  typed(text) {
    const { openId } = this.model;
    if (openId !== null) preferences.set(`draft ${openId}`, text, text ? null : () => this.keep.written);
  }

  /** Say something of the page itself. @param {string} text */
  say(text) {
    this.model.notice = text;
    this.notify.say(text);
    this.draw();
  }

  /** What was in view at two ticks was read; and the words about time change. */
  #tick() {
    const { model } = this;
    this.look();
    this.reading.look();
    this.notify.connection(model, Date.now());
    if (model.connection.state !== "live" || model.outgoing.length) this.draw();
  }

  /** Note whether a person is looking. */
  look() {
    const { model } = this;
    model.isFocused = document.visibilityState === "visible" && document.hasFocus();
    model.connection.isOffline = !navigator.onLine;
  }

  draw() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    const later = () => {
      this.#isDrawing = false;
      this.drawNow();
    };
    // A hidden tab draws no frames.
    if (document.visibilityState === "visible") requestAnimationFrame(later);
    else setTimeout(later, 250);
  }

  drawNow() {
    const now = Date.now();
    this.views.update(this.model, now);
    this.notify.connection(this.model, now);
    this.notify.count(this.model.unread.count);
  }
}

/**
 * Join or create a room. `either`: it was not there when the list of rooms was fetched.
 * @param {Chat} chat @param {string} room @param {"join" | "create" | "either"} how
 */
async function enterRoom(chat, room, how) {
  if (how === "join") return chat.join(room);
  return chat.create(room).catch((error) => {
    if (how === "either" && error.code === "room-exists") return chat.join(room);
    throw error;
  });
}
