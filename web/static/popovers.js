// `<details>` that open over the page: one at a time, closed by Escape and by a click elsewhere.

const POPOVERS = ".chip details, .copying, .feedback details, .filters, .chat-menu";

export function watchPopovers() {
  document.addEventListener("pointerdown", (event) => {
    for (const details of document.querySelectorAll("details[open]")) {
      if (details.matches(POPOVERS) && !details.contains(event.target)) details.open = false;
    }
  });
  document.addEventListener(
    "toggle",
    (event) => {
      if (!event.target.open || !event.target.matches(POPOVERS)) return;
      for (const other of document.querySelectorAll("details[open]")) {
        if (other !== event.target && other.matches(POPOVERS)) other.open = false;
      }
    },
    true,
  );
}

/** Close the popover that the reader is in, if any; the focus goes to what opened it. */
export function closePopover() {
  const open = [...document.querySelectorAll("details[open]")].filter((details) => details.matches(POPOVERS));
  for (const details of open) {
    const inside = details.contains(document.activeElement);
    details.open = false;
    if (inside) details.querySelector("summary").focus();
  }
  return open.length > 0;
}
