// Written by `python -m web.tables` from the package wire: do not edit.
/** Whether the request that got this error code may succeed later. */
export const CODES = new Map([
  ["bad-request", false],
  ["unknown-type", false],
  ["not-welcome-yet", false],
  ["bad-nick", false],
  ["nick-taken", true],
  ["bad-room", false],
  ["room-exists", false],
  ["no-such-room", false],
  ["not-in-room", false],
  ["no-such-nick", false],
  ["text-too-long", false],
  ["empty-text", false],
  ["line-too-long", false],
  ["rate-limited", true],
  ["unavailable", true],
  ["bad-token", false],
  ["too-many-rooms", false],
  ["internal", true],
]);
/** The reasons of a `bye`, with the code of the close frame. */
export const REASONS = new Map([
  ["draining", {"code": 4000, "comeBack": true, "meaning": "the node is shutting down"}],
  ["slow", {"code": 4001, "comeBack": true, "meaning": "the client read nothing for too long"}],
  ["idle", {"code": 4002, "comeBack": true, "meaning": "the client sent nothing for too long"}],
  ["cut-off", {"code": 4003, "comeBack": true, "meaning": "the node lost the session with the broker"}],
  ["busy", {"code": 4004, "comeBack": true, "meaning": "the node accepts no new clients now"}],
  ["quit", {"code": 1000, "comeBack": false, "meaning": "the client quit"}],
  ["protocol", {"code": 4500, "comeBack": false, "meaning": "the client does not speak the protocol"}],
  ["replaced", {"code": 4501, "comeBack": false, "meaning": "the session continues on a newer connection"}],
  ["kicked", {"code": 4502, "comeBack": false, "meaning": "a moderator removed the session"}],
]);
