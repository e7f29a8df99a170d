/** Starts the page. If files are missing, because a new version is there, it reloads the page. */

const WITHIN = 5 * 60 * 1000;
const RELOADS = 2;
/** The files in words/, each with the name of its language in that language. */
const LANGUAGES = { en: "English", de: "Deutsch" };

/** @param {Storage} storage @param {number} now */
function mayReload(storage, now) {
  try {
    const times = JSON.parse(storage.getItem("reloads") ?? "[]").filter(
      (/** @type {number} */ at) => now - at < WITHIN,
    );
    if (times.length >= RELOADS) return false;
    storage.setItem("reloads", JSON.stringify([...times, now]));
    return true;
  } catch {
    return false;
  }
}

/** @param {unknown} error */
async function failed(error) {
  console.error(error);
  if (mayReload(sessionStorage, Date.now())) return location.reload();
  const place = document.getElementById("boot") ?? document.body;
  const button = document.createElement("button");
  button.textContent = "Reload";
  button.addEventListener("click", () => location.reload());
  place.replaceChildren("The page could not be loaded completely. ", button);
}

const root = document.documentElement;
let languages = navigator.languages ?? [];
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  languages = [localStorage.getItem("language") ?? "", ...languages];
} catch {
  // Storage may be forbidden; then theme and language are those of the browser.
}
root.lang = languages.map((each) => each.slice(0, 2)).find((each) => Object.hasOwn(LANGUAGES, each)) ?? "en";
Promise.all([import("./page/main.js"), import(`./words/${root.lang}.js`)])
  .then(([main, { words }]) => main.start(words, LANGUAGES))
  .catch(failed);
