/** Fits the page into what a phone's keyboard leaves of the window. */

/**
 * On iOS a keyboard covers the window instead of resizing it, and the browser scrolls the page up.
 * So the page is made as high as what is in view, and scrolled back.
 */
export function fit() {
  const view = globalThis.visualViewport;
  if (!view) return;
  const adapt = () => {
    // Somebody who zooms in wants to see a part of the page.
    if (Math.abs(view.scale - 1) > 0.01) return;
    const isCovered = innerHeight - view.height > 1;
    const { style } = document.documentElement;
    if (isCovered) style.setProperty("--height", `${view.height}px`);
    else style.removeProperty("--height");
    if (view.offsetTop || scrollY) scrollTo(0, 0);
  };
  view.addEventListener("resize", adapt);
  view.addEventListener("scroll", adapt);
}
