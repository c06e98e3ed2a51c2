// What a reader does with an answer: copy it, keep its address, say what it is worth.

/** Watch the tools of every turn below `list`, those to come too. */
export function watchActions(list, words) {
  showCopyButtons(list);
  list.addEventListener("click", (event) => {
    const button = event.target.closest(".copy");
    if (button) copy(button, words);
  });
  list.addEventListener("submit", (event) => {
    const form = event.target.closest(".feedback");
    if (!form) return;
    event.preventDefault();
    give(form, event.submitter, words);
  });
}

/** Buttons that need a script are hidden until one is there. */
export function showCopyButtons(root) {
  for (const button of root.querySelectorAll(".copy")) button.hidden = false;
}

async function copy(button, words) {
  const menu = button.closest(".copying");
  const text = menu.querySelector(`[data-copy="${button.dataset.copies}"]`);
  const told = menu.querySelector(".copied");
  try {
    await navigator.clipboard.writeText(text.value);
    told.textContent = words.copied;
  } catch {
    text.select();
    told.textContent = words.uncopied;
  }
}

async function give(form, submitter, words) {
  const given = new FormData(form, submitter);
  const rating = { up: 1, down: -1 }[given.get("rating")] ?? 0;
  const body = { answer_id: form.action.split("/").at(-2), rating };
  if (rating < 0) Object.assign(body, { reason: given.get("reason"), comment: given.get("comment").trim() || null });
  const told = form.querySelector(".thanks");
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch("/api/feedback", { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(String(response.status));
    show(form, rating);
    told.textContent = rating ? words.thanks : "";
  } catch {
    told.textContent = words.unsent;
  }
}

function show(form, rating) {
  const up = form.querySelector("button.thumb");
  up.setAttribute("aria-pressed", String(rating > 0));
  up.value = rating > 0 ? "none" : "up";
  const down = form.querySelector("details");
  down.toggleAttribute("data-given", rating < 0);
  const inside = down.contains(document.activeElement);
  down.open = false;
  if (inside) down.querySelector("summary").focus();
}
