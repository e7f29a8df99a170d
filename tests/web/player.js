/**
 * Plays named calls to the SDK's pure modules: for the vectors, and line by line for the walks.
 * tests/support/player.py does the same with the Python client, with the same names.
 */

import { createInterface } from "node:readline";

const SDK = new URL("../../web/sdk/", import.meta.url);
const load = (name) => import(new URL(`${name}.js`, SDK));
const [addresses, errors, keepalive, names, outage, outbox, readState, sanitize, session, text] =
  await Promise.all(
    [
      ...["addresses", "errors", "keepalive", "names", "outage", "outbox", "read_state"],
      ...["sanitize", "session", "text"],
    ].map(load),
  );

const KEY = "k".repeat(32);
const DEFAULTS = { reconnect: null, after: 0, reason: "", text: "", show: true };

/** Leave out of an effect what it has by default. */
function brief(found) {
  const plain = Object.entries(found).filter(
    ([name, value]) =>
      value !== null && DEFAULTS[name] !== value && !(Array.isArray(value) && !value.length),
  );
  return Object.fromEntries(
    plain.map(([name, value]) => [name, name === "disconnect" ? brief(value) : value]),
  );
}

function welcome(nick) {
  return { type: "welcome", nick, node: "node-1", protocol: 1, resumed: false, limits: {} };
}

function joined(room) {
  const position = `${room}-0`;
  return { type: "joined", room, position, members: 1, created: false, quiet: false, messages: [] };
}

const MAKERS = {
  session({ live, ...options }) {
    const made = new session.Session({ key: KEY, prefix: "x-" }, options);
    if (live) {
      made.connected(1);
      made.take(welcome(options.nick), 0);
      for (const room of live) made.take(joined(room), 0);
    }
    return made;
  },
  outbox: ({ window }) => new outbox.Outbox(window),
  read_state: ({ positions }) => new readState.ReadState(positions),
  endpoints: ({ addresses: all, randoms = [] }) =>
    new addresses.Endpoints(all, () => randoms.shift()),
  keepalive: ({ now }) => new keepalive.Keepalive(now),
  outage: ({ patience, now }) => new outage.Outage(patience, now),
  functions: () => null,
};

const CALLS = {
  session: {
    connected: (it, [nowMs]) => it.connected(nowMs),
    disconnected: (it) => it.disconnected(),
    handover_hello: (it, [nowMs]) => it.handoverHello(nowMs),
    handed_over: (it, [event], now) => brief(it.handedOver(event, now)),
    handover_failed: (it) => it.handoverFailed(),
    post: (it, [message]) => it.post(message).id,
    ask(it, [request]) {
      const [ref, write] = it.ask(request);
      return { ref, write };
    },
    wake: (it, _, now) => brief(it.wake(now)),
    take: (it, [event], now) => brief(it.take(event, now)),
    choose_nick: (it, [nick]) => it.chooseNick(nick),
    state: (it) => ({
      ...{ state: it.state, nick: it.nick, node: it.node, is_ready: it.isReady },
      ...{ is_owed: it.isOwed, wake_at: it.wakeAt, may_hand_over: it.mayHandOver },
      ...{ rooms: it.readState.rooms, positions: it.readState.positions() },
      waiting: it.outbox.size,
    }),
    rooms: (it) => it.readState.rooms,
    positions: (it) => it.readState.positions(),
  },
  outbox: {
    add: (it, [id]) => it.add(id, { type: "send", room: "lab", text: id, id }),
    due: (it, _, now) => it.due(now).map((message) => message.id),
    settle: (it, [id]) => it.settle(id),
    refuse: (it, [error], now) => it.refuse(error, now),
    disconnected: (it) => it.disconnected(),
    expire: (it, _, now) => it.expire(now),
    state: (it) => ({ size: it.size, in_flight: it.inFlight, wake_at: it.wakeAt }),
  },
  read_state: {
    enter: (it, [event]) => it.enter(event),
    leave: (it, [room]) => it.leave(room),
    deliver: (it, [room, position]) => it.deliver(room, position),
    saw_enter: (it, [room, nick]) => it.sawEnter(room, nick),
    saw_leave: (it, [room, nick]) => it.sawLeave(room, nick),
    saw_rename: (it, [room, old, next]) => it.sawRename(room, old, next),
    rooms: (it) => it.rooms,
    positions: (it) => it.positions(),
  },
  endpoints: {
    next: (it) => it.next(),
    pause: (it) => it.pause(),
    worked: (it) => it.worked(),
  },
  keepalive: {
    welcomed: (it) => it.welcomed(),
    heard: (it, _, now) => it.heard(now),
    asked: (it, _, now) => it.asked(now),
    next_at: (it, [owed]) => it.nextAt(owed),
    judge: (it, [owed], now) => it.judge(now, owed),
  },
  outage: {
    begin: (it, _, now) => it.begin(now),
    end: (it) => it.end(),
    is_news: (it) => it.isNews(),
    bounded(it, [pause, why], now) {
      try {
        return it.bounded(pause, why, now);
      } catch (error) {
        return { error: error.name, text: error.message };
      }
    },
  },
  functions: {
    fold: (_, [name]) => names.fold(name),
    mentions: (_, [what, nick]) => names.mentions(what, nick),
    with_suffix: (_, [nick, random]) => names.withSuffix(nick, () => random),
    safe_word: (_, [word]) => sanitize.safeWord(word),
    safe_line: (_, [line]) => sanitize.safeLine(line),
    check: (_, [what]) => text.check(what),
    refusal(_, [error]) {
      const found = errors.refusal(error);
      const { code, room = null, account = null } = found;
      return { name: found.name, code, text: found.text, room, account };
    },
    is_passing: (_, [error]) => errors.isPassing(error),
    retry_after: (_, [error]) => errors.retryAfter(error),
    unknown_fate: (_, [id]) => errors.unknownFate(id),
    ended: (_, [reason, why]) => new errors.Ended(reason, why).message,
  },
};

function repeated({ repeat: [text, times] }) {
  return text.repeat(times);
}

/** One object, and the calls to it. */
export class Player {
  constructor({ kind, ...options }) {
    this.calls = CALLS[kind];
    this.it = MAKERS[kind](options);
  }

  /** Make a call; return its result as plain JSON. */
  play({ call, args = [], now = 0 }) {
    const filled = args.map((each) => (Array.isArray(each?.repeat) ? repeated(each) : each));
    const result = this.calls[call](this.it, filled, now) ?? null;
    return JSON.parse(JSON.stringify(result));
  }
}

if (process.argv[1] === import.meta.filename) {
  let player;
  for await (const line of createInterface({ input: process.stdin })) {
    const results = [];
    for (const step of JSON.parse(line)) {
      if (step.make) player = new Player(step.make);
      else results.push(player.play(step));
    }
    process.stdout.write(JSON.stringify(results) + "\n");
  }
}
