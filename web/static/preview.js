// The source of a mark, shown beside it on hover and on focus. It can be hovered itself, and Escape closes it.

const LEAVE_MS = 200;

export function watchPreviews(list) {
  const preview = document.getElementById("preview") ?? added();
  let leaving = 0;
  let shown = null;

  function show(mark) {
    const source = document.getElementById(mark.hash.slice(1));
    if (!source) return;
    clearTimeout(leaving);
    const parts = [".headline", ".place", "mark"].map((part) => source.querySelector(part));
    preview.replaceChildren(...parts.filter(Boolean).map(copied));
    preview.hidden = false;
    shown = mark;
    place(preview, mark);
    mark.setAttribute("aria-describedby", "preview");
  }

  function hide() {
    preview.hidden = true;
    shown = null;
    for (const mark of list.querySelectorAll("[aria-describedby=preview]")) mark.removeAttribute("aria-describedby");
  }

  function leave() {
    clearTimeout(leaving);
    leaving = setTimeout(hide, LEAVE_MS);
  }

  const markOf = (event) => event.target.closest?.(".cite");
  list.addEventListener("pointerover", (event) => markOf(event) && event.pointerType === "mouse" && show(markOf(event)));
  list.addEventListener("pointerout", (event) => markOf(event) && leave());
  list.addEventListener("focusin", (event) => markOf(event) && show(markOf(event)));
  list.addEventListener("focusout", (event) => markOf(event) && leave());
  preview.addEventListener("pointerenter", () => clearTimeout(leaving));
  preview.addEventListener("pointerleave", leave);
  addEventListener("scroll", () => shown && place(preview, shown), { passive: true });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  list.addEventListener("click", (event) => markOf(event) && hide());
}

function added() {
  const preview = document.createElement("div");
  Object.assign(preview, { id: "preview", role: "tooltip", className: "preview", hidden: true });
  document.getElementById("content").append(preview);
  return preview;
}

/** A part of the card as plain text: a tooltip holds nothing to click. */
function copied(part) {
  const element = document.createElement(part.tagName === "MARK" ? "q" : "p");
  element.className = part.tagName === "MARK" ? "" : part.className;
  element.replaceChildren(...(part.children.length && part.tagName !== "MARK" ? [...part.cloneNode(true).children] : [part.textContent]));
  return element;
}

function place(preview, mark) {
  const at = mark.getBoundingClientRect();
  const left = Math.min(Math.max(at.left - 40, 12), innerWidth - preview.offsetWidth - 12);
  const above = at.top > preview.offsetHeight + 16;
  preview.style.left = `${left}px`;
  preview.style.top = `${above ? at.top - preview.offsetHeight - 8 : at.bottom + 8}px`;
}
