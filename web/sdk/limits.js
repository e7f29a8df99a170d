// Written by `python -m web.tables` from the package wire: do not edit.
/** Limits of the protocol: lengths in UTF-8 bytes, times in seconds. */
export const LINE = 16384;
export const NODE_LINE = 1048576;
export const TEXT = 4096;
export const NICK = 64;
export const ROOM = 64;
export const ID = 64;
export const REF = 64;
export const KEY_MIN = 16;
export const KEY_MAX = 128;
export const ROOMS = 50;
export const HISTORY = 200;
export const HISTORY_DEFAULT = 50;
export const ATTEMPT = 9007199254740991;
export const PING_AFTER = 20.0;
export const IDLE_AFTER = 60.0;
export const PONG_WITHIN = 5.0;
export const ANSWER_WITHIN = 5.0;
export const REPEAT_WITHIN = 300.0;
export const REPEAT_AMONG = 1000;
export const PROTOCOL = 1;
export const DEFAULT_ROOM = "general";
export const INBOX = "@";
