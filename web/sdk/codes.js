// Written by `python -m web.tables` from the package wire: do not edit.
/** Whether the request that got this error code may succeed later. */
export const CODES = new Map([
  ["bad-request",false],
  ["unknown-type",false],
  ["not-welcome-yet",false],
  ["bad-nick",false],
  ["nick-taken",true],
  ["bad-room",false],
  ["room-exists",false],
  ["no-such-room",false],
  ["not-in-room",false],
  ["no-such-nick",false],
  ["text-too-long",false],
  ["empty-text",false],
  ["line-too-long",false],
  ["rate-limited",true],
  ["unavailable",true],
  ["bad-token",false],
  ["too-many-rooms",false],
  ["internal",true],
]);
/** What the reasons of a `bye` mean. */
export const REASONS = new Map([
  ["draining","the node is shutting down"],
  ["slow","the client read nothing for too long"],
  ["idle","the client sent nothing for too long"],
  ["cut-off","the node lost the session with the broker"],
  ["busy","the node accepts no new clients now"],
  ["quit","the client quit"],
  ["protocol","the client does not speak the protocol"],
  ["replaced","the session continues on a newer connection"],
  ["kicked","a moderator removed the session"],
]);
