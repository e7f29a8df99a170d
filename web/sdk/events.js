// Written by `python -m web.tables` from the package wire: do not edit.
/** The fields of each event; those with ? are optional. */
export const EVENTS = new Map([
  ["welcome",{"nick":"string","node":"string","protocol":"number","resumed":"boolean","limits":"object","ref":"string?"}],
  ["joined",{"room":"string","position":"string","members":"number","created":"boolean","quiet":"boolean","messages":"array","ref":"string?"}],
  ["message",{"room":"string","position":"string","at":"number","from":"string","text":"string","id":"string?","kind":"string?","ref":"string?"}],
  ["direct",{"position":"string","at":"number","from":"string","to":"string","text":"string","id":"string?","kind":"string?","ref":"string?"}],
  ["ack",{"id":"string","position":"string","at":"number","room":"string?","to":"string?","ref":"string?"}],
  ["entered",{"room":"string","position":"string","at":"number","nick":"string","ref":"string?"}],
  ["left",{"room":"string","nick":"string","reason":"string","text":"string?","position":"string?","at":"number?","ref":"string?"}],
  ["renamed",{"nick":"string","from":"string","at":"number","room":"string?","position":"string?","ref":"string?"}],
  ["rooms",{"rooms":"array","more":"boolean","ref":"string?"}],
  ["members",{"room":"string","members":"array","more":"boolean","accounts":"array?","ref":"string?"}],
  ["history",{"room":"string","messages":"array","more":"boolean","ref":"string?"}],
  ["gap",{"room":"string","after":"string","position":"string","ref":"string?"}],
  ["error",{"code":"string","text":"string","id":"string?","room":"string?","retry_after_ms":"number?","account":"boolean?","ref":"string?"}],
  ["ping",{"ref":"string?"}],
  ["pong",{"ref":"string?"}],
  ["move",{"within_ms":"number","ref":"string?"}],
  ["bye",{"reason":"string","retry_after_ms":"number?","text":"string?","ref":"string?"}],
  ["announcement",{"text":"string","at":"number","room":"string?","ref":"string?"}],
]);
