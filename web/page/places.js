/** Remembers over a reload of this tab where the reader was in each conversation. */

/** Note the places; nothing is left of them once the chat was left. @param {any} page */
export function keepPlaces({ keep, model, views }) {
  views.notePlace();
  /** @type {Record<string, any>} */
  const places = {};
  for (const { id, place, isComplete, rows } of model.conversations.values()) {
    places[id] = { place, start: isComplete ? rows[0]?.seq : undefined };
  }
  try {
    if (keep.session) sessionStorage.setItem("places", JSON.stringify(places));
    else sessionStorage.removeItem("places");
  } catch {
    // It is full or forbidden: then conversations open where unread messages begin.
  }
}

/** Return the places that were noted, by conversation. @returns {Record<string, any>} */
export function keptPlaces() {
  try {
    return JSON.parse(sessionStorage.getItem("places") ?? "{}");
  } catch {
    return {};
  }
}
