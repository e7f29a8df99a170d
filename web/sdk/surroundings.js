/** The environment of the client: time, randomness, connections, and signs of a sleep. */

/** @typedef {import("./types.js").Surroundings} Surroundings */

/** Milliseconds by which the time of day may jump before it counts as a sleep. */
const PAUSE = 5000;
const WHY_WITHIN = 3000;

/**
 * Return the environment of a browser, or of Node. `page` is the address of the page.
 * @param {{href: string, host: string}} [page] @returns {Surroundings}
 */
export function surroundings(page = globalThis.location) {
  const { document } = globalThis;
  /** @type {number | null} */
  let hiddenSince = null;
  return {
    now: clock(() => performance.now(), Date.now),
    wallMs: () => Date.now(),
    later(seconds, ring) {
      const timer = setTimeout(ring, Math.max(0, seconds) * 1000);
      return () => clearTimeout(timer);
    },
    random: Math.random,
    // randomUUID is missing on http:// addresses other than localhost.
    secret: (bytes) =>
      Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
        byte.toString(16).padStart(2, "0"),
      ).join(""),
    open: (url) => new WebSocket(url, "chat.v1"),
    ...(page && { base: page.href }),
    whyNot: (url) => whyNot(url, page?.host),
    hiddenFor: () => (hiddenSince === null ? 0 : (Date.now() - hiddenSince) / 1000),
    watch(ask) {
      const stop = new AbortController();
      const options = { signal: stop.signal };
      const look = () => {
        if (document?.visibilityState !== "hidden") {
          hiddenSince = null;
          ask();
        } else {
          hiddenSince ??= Date.now();
        }
      };
      globalThis.addEventListener?.("online", ask, options);
      globalThis.addEventListener?.("pageshow", ask, options);
      document?.addEventListener("visibilitychange", look, options);
      if (document?.visibilityState === "hidden") look();
      const unwatch = watchPauses(ask);
      return () => {
        stop.abort();
        unwatch();
      };
    },
  };
}

/**
 * Return a clock in seconds. It grows by the larger of what both clocks grew by: the first one
 * stops in some browsers' sleep, the second one may be set back.
 * @param {() => number} steady @param {() => number} wall both in milliseconds
 */
export function clock(steady, wall) {
  let [base, steadyBase, wallBase] = [wall(), steady(), wall()];
  let last = base;
  return () => {
    const [steadyGrown, wallGrown] = [steady() - steadyBase, wall() - wallBase];
    last = Math.max(last, base + Math.max(steadyGrown, wallGrown));
    if (Math.abs(steadyGrown - wallGrown) > 1000) {
      // From now on they count from the same moment again. Not each time: they are not equally
      // fine, and the larger of many small steps would grow too fast.
      [base, steadyBase, wallBase] = [last, steady(), wall()];
    }
    return last / 1000;
  };
}

/** @param {() => void} ask */
function watchPauses(ask) {
  let last = Date.now();
  const timer = /** @type {any} */ (
    setInterval(() => {
      const now = Date.now();
      if (now - last > PAUSE) ask();
      last = now;
    }, 1000)
  );
  // It does not keep Node running.
  timer.unref?.();
  return () => clearInterval(timer);
}

/**
 * Ask a node of the page's own origin why it takes no connection; null: it does not say.
 * @param {string} url @param {string} [host]
 */
async function whyNot(url, host) {
  if (!host || new URL(url).host !== host) return null;
  try {
    const signal = AbortSignal.timeout(WHY_WITHIN);
    const answer = await fetch(url.replace(/^ws/, "http"), { cache: "no-store", signal });
    const after = Number(answer.headers.get("Retry-After")) || 0;
    return { status: answer.status, after, text: await answer.text() };
  } catch {
    return null;
  }
}
