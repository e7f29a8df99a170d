/** An event of a node, unchanged, or one of the client itself. docs/protocol.md has the fields. */
export interface ChatEvent {
  type: string;
  ref?: string;
  [field: string]: any;
}
/** A request to a node. */
export interface Request {
  type: string;
  ref?: string;
  id?: string;
  [field: string]: any;
}
export interface ErrorEvent extends ChatEvent {
  code: string;
  text: string;
}
/** The end of a connection: whether, and after how many seconds, to reconnect. */
export interface Disconnect {
  reconnect: boolean;
  after: number;
  reason: string;
  refusal: ErrorEvent | null;
  text: string;
}
/** What to do after one event. */
export interface Effect {
  write: Request[];
  show: boolean;
  settled: string | null;
  doubts: ErrorEvent[];
  disconnect: Disconnect | null;
  move: number | null;
}
export interface Identity {
  key: string;
  prefix: string;
}
/** What a listener gets. `end`: the event ended the connection. */
export interface Received {
  event: ChatEvent;
  show: boolean;
  settled: string | null;
  end: boolean;
}
/** A message that waits for its `ack`. `since`: when it was first written (seconds), or null. */
export interface Waiting {
  id: string;
  message: Request;
  since: number | null;
}
/** The part of a session that outlives the page. */
export interface KeptSession {
  key: string;
  nick: string | null;
  /** Null: none were named yet, and the node chooses. */
  rooms: string[] | null;
  positions: Record<string, string>;
  attempt: number;
}
/** One change to what a store keeps, to be made in one transaction. */
export interface Change {
  /** An event that was delivered, and is new. */
  event?: ChatEvent;
  /** The position that the event moved; `@` is the inbox. */
  position?: { room: string; position: string };
  /** Replaces the session that was kept, with all its positions. */
  session?: KeptSession;
  /** A new message for the end of the outbox. */
  add?: { id: string; message: Request };
  /** These messages are about to be written for the first time. */
  sending?: { ids: string[]; since: number };
  /** These messages are settled. */
  remove?: string[];
}
/** Keeps a session over a reload. Changes are made in the order of the calls. */
export interface Store {
  load(): Promise<{ session?: KeptSession; outbox?: Waiting[] } | null | undefined>;
  save(change: Change): Promise<void>;
}
/** What the client needs of its environment; times are seconds. */
export interface Surroundings {
  /** Unix time at the start, which then grows by the faster of two clocks. */
  now(): number;
  wallMs(): number;
  /** Calls `ring` after some seconds; returns what cancels it. */
  later(seconds: number, ring: () => void): () => void;
  random(): number;
  /** Random bytes in hexadecimal. */
  secret(bytes: number): string;
  open(url: string): WebSocket;
  /** The address of the page, if there is one. */
  base?: string;
  /** Asks a node of our own origin why it does not let us in. */
  whyNot(url: string): Promise<{ status: number; after: number; text: string } | null>;
  /** For how long the page has been hidden. */
  hiddenFor(): number;
  /** Calls `ask` when the connection should be checked at once; returns what ends that. */
  watch(ask: () => void): () => void;
}
export interface Options {
  nick?: string;
  rooms?: string[];
  token?: string;
  password?: string;
  key?: string;
  positions?: Record<string, string>;
  patience?: number | null;
  rename?: (refused: import("./errors.js").NickRefused) => Promise<string>;
  window?: number;
  store?: Store;
  surroundings?: Surroundings;
}
