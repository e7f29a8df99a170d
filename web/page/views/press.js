/** Long presses on touch screens; iOS has no event for them. */

const LONG = 500;
/** Pixels that a finger may move meanwhile. */
const STILL = 10;

/** Call `pressed` with the row that is pressed. @param {HTMLElement} list @param {(row: Element) => void} pressed */
export function onLongPress(list, pressed) {
  let timer = 0;
  let from = { x: 0, y: 0 };
  list.addEventListener("pointerdown", (event) => {
    const target = /** @type {Element} */ (event.target);
    clearTimeout(timer);
    // Browsers have menus of their own for links.
    if (event.pointerType !== "touch" || target.closest("a, button")) return;
    from = event;
    timer = setTimeout(() => pressed(target), LONG);
  });
  list.addEventListener("pointermove", ({ x, y }) => {
    if (Math.hypot(x - from.x, y - from.y) > STILL) clearTimeout(timer);
  });
  for (const end of ["pointerup", "pointercancel"]) list.addEventListener(end, () => clearTimeout(timer));
  list.addEventListener("contextmenu", (event) => {
    const { pointerType } = /** @type {PointerEvent} */ (event);
    if (pointerType === "touch" && !(/** @type {Element} */ (event.target).closest("a"))) event.preventDefault();
  });
}
