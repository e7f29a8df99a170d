/** Keeps the files of the page for use without a network, and notices a new version of them. */

const DIGEST = /\/a\/([^/"]+)\//;

/** Return the digest of the files that a page, or an address, names. @param {string} text */
export function digestOf(text) {
  return DIGEST.exec(text)?.[1] ?? null;
}

/** Return whether the node serves another version than this one; fails if it is away. */
export async function isNewer() {
  const answer = await fetch("/", { cache: "no-cache" });
  const served = answer.ok ? digestOf(await answer.text()) : null;
  return served !== null && served !== digestOf(import.meta.url);
}

/** Let the service worker keep this version. */
export function registerWorker() {
  const { trustedTypes, navigator } = /** @type {any} */ (globalThis);
  if (!navigator.serviceWorker || !isSecureContext) return;
  /** @type {any} */
  let address = "/sw.js";
  if (trustedTypes) {
    const createScriptURL = (/** @type {string} */ url) => {
      if (url === "/sw.js") return url;
      throw new TypeError(url);
    };
    address = trustedTypes.createPolicy("sw", { createScriptURL }).createScriptURL(address);
  }
  navigator.serviceWorker.register(address).catch(() => {});
}
