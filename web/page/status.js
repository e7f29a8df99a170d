/** The words about the connection. Pure. */

import { t } from "./words.js";

/**
 * Return the text, and the action that is offered.
 * @param {import("./model.js").Model} model @param {number} now
 * @returns {{text: string, connected: boolean, action: "here" | "again" | null}}
 */
export function status(model, now) {
  const { state, since, why = "", until, isOffline } = model.connection;
  const waiting = model.outgoing.filter((each) => each.state === "waiting").length;
  const wait = waiting ? t("wait", { n: waiting }) : "";
  if (state === "live") return { text: t("live", { node: model.node }), connected: true, action: null };
  if (state === "elsewhere") return { text: t("elsewhere"), connected: false, action: "here" };
  if (state === "ended") return { text: why, connected: false, action: "again" };
  if (isOffline) return { text: t("offline") + wait, connected: false, action: null };
  if (state === "connecting") return { text: t("connecting") + wait, connected: false, action: null };
  if (until !== undefined && until > now) {
    const n = Math.ceil((until - now) / 1000);
    return { text: t("awayWhy", { why, n }) + wait, connected: false, action: null };
  }
  const n = Math.max(0, Math.round((now - since) / 1000));
  return { text: t("away", { n }) + wait, connected: false, action: null };
}
