/** Surroundings for tests: a clock that stands still, and sockets whose other end is the test. */

/** The client's end of a connection. */
class Socket {
  readyState = 0;
  sent = [];

  constructor(url) {
    this.url = url;
  }

  send(line) {
    this.sent.push(JSON.parse(line));
  }

  close() {
    this.readyState = 3;
  }

  // What the node does

  accept() {
    this.readyState = 1;
    this.onopen();
  }

  say(...events) {
    this.onmessage({ data: events.map((event) => JSON.stringify(event) + "\n").join("") });
  }

  drop(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
  }

  /** Return what was written since the last call, without pings. */
  written() {
    return this.sent.splice(0).filter(({ type }) => type !== "ping");
  }
}

export class World {
  time = 1_000_000;
  chance = 1;
  hidden = 0;
  why = null;
  sockets = [];
  timers = new Set();
  ask = () => {};

  surroundings = {
    now: () => this.time,
    wallMs: () => Math.floor(this.time * 1000),
    later: (seconds, ring) => {
      const timer = { at: this.time + seconds, ring };
      this.timers.add(timer);
      return () => this.timers.delete(timer);
    },
    random: () => this.chance,
    secret: (bytes) => "ab".repeat(bytes),
    open: (url) => {
      this.sockets.push(new Socket(url));
      return this.sockets.at(-1);
    },
    whyNot: async () => this.why,
    hiddenFor: () => this.hidden,
    watch: (ask) => {
      this.ask = ask;
      return () => {};
    },
  };

  /** Let everything happen that needs no time. */
  async settle() {
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Let time pass, and ring the alarms that are due, each `late` seconds late. */
  async pass(seconds, late = 0) {
    const end = this.time + seconds;
    await this.settle();
    for (;;) {
      const [next] = [...this.timers].sort((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at + late);
      next.ring();
      await this.settle();
    }
    this.time = Math.max(this.time, end);
  }

  /** Accept the newest connection, and welcome the client into its room. */
  async welcome({ resumed = false } = {}) {
    await this.settle();
    const socket = this.sockets.at(-1);
    socket.accept();
    await this.settle();
    const limits = {};
    socket.say(
      { type: "welcome", ref: "hello", nick: "ana", node: "n", protocol: 1, resumed, limits },
      joined("lab"),
    );
    await this.settle();
    return socket;
  }
}

export function joined(room, position = `${room}-0`) {
  return { type: "joined", room, position, members: 1, created: false, quiet: false, messages: [] };
}

export function message(text, position, room = "lab") {
  return { type: "message", room, position, at: 1, from: "bo", text };
}
