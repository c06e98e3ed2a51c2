// One answer on a page of its own.

import { watchActions } from "./actions.js";
import { closePopover, watchPopovers } from "./popovers.js";
import { watchPreviews } from "./preview.js";

const turns = document.getElementById("turns");
watchActions(turns, document.getElementById("content").dataset);
watchPopovers();
watchPreviews(turns);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closePopover();
});
