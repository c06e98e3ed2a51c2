// The administrator's pages: files dropped onto the form, and a build watched to its end.

import { fetchFragment } from "./fragment.js";

const POLL_MS = 800;

const drop = document.querySelector(".drop");
if (drop) {
  const input = drop.querySelector("input");
  for (const type of ["dragover", "drop"]) {
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      if (type === "drop" && event.dataTransfer.files.length) input.files = event.dataTransfer.files;
    });
  }
}

const build = document.getElementById("build");
if (build?.dataset.progress) watch(build);

/** Show how far the build is until it is over, or until somebody has to decide. */
async function watch(place) {
  let shown = "";
  for (;;) {
    try {
      const fragment = await fetchFragment(place.dataset.progress);
      const text = fragment.textContent;
      const focused = place.contains(document.activeElement);
      if (text !== shown && !(focused && shown)) place.replaceChildren(fragment);
      shown = text;
      const state = place.querySelector("[data-state]")?.dataset.state;
      if (["done", "failed", "cancelled", "planned"].includes(state)) return;
    } catch {
      // The server restarts; the build goes on, and is found again.
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
