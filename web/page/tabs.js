/** Lets one tab of this browser be live. */

/**
 * Ask to be the live tab; resolves to whether we are. `yielded` is called when another tab takes over.
 * @param {{steal: boolean, yielded: () => void}} options @returns {Promise<boolean>}
 */
export async function claim({ steal, yielded }) {
  return navigator.locks ? byLock(steal, yielded) : byChannel(steal, yielded);
}

/** @param {boolean} steal @param {() => void} yielded @returns {Promise<boolean>} */
function byLock(steal, yielded) {
  return new Promise((resolve) => {
    const how = steal ? { steal: true } : { ifAvailable: true };
    navigator.locks
      .request("chat", how, (lock) => {
        resolve(lock !== null);
        return lock ? new Promise(() => {}) : undefined;
      })
      .catch(yielded);
  });
}

/** Without locks (http:// other than localhost): ask the other tabs. @param {boolean} steal @param {() => void} yielded @returns {Promise<boolean>} */
function byChannel(steal, yielded) {
  const channel = new BroadcastChannel("chat");
  let isLive = steal;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve((isLive = true)), 250);
    channel.onmessage = ({ data }) => {
      if (data === "who" && isLive) channel.postMessage("me");
      if (data === "me" && !isLive) {
        clearTimeout(timer);
        resolve(false);
      }
      if (data === "mine" && isLive) {
        isLive = false;
        yielded();
      }
    };
    channel.postMessage(steal ? "mine" : "who");
  });
}
