// The chip with the days a question was limited to: filling it, and how it opens, closes and checks.

import { periodText } from "./text.js";

/** The days to show for an answer: those the reader set, else those understood; null without any. */
export function chipOf(scope, answer) {
  const { date_from, date_to } = scope.filters ?? {};
  if (date_from || date_to) return { text: "", date_from, date_to, dropped: false };
  const period = answer.period;
  return period?.date_from || period?.date_to ? period : null;
}

/** Fill a chip's form; `change` is called with the scope to ask the same question again in. */
export function fillChip(form, { chip, words, question, conversation, change }) {
  const fields = form.elements;
  fields.q.value = question;
  fields.conversation.value = conversation;
  fields.from.defaultValue = chip.date_from ?? "";
  fields.to.defaultValue = chip.date_to ?? "";
  form.querySelector(".period-text").textContent = chip.text;
  form.querySelector(".period-days").textContent = periodText(words, chip.date_from, chip.date_to);
  form.toggleAttribute("data-dropped", chip.dropped);
  form.querySelector(".period-note").hidden = !chip.dropped;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    close(form.querySelector("details[open]"));
    change(scopeOf(fields, event.submitter));
  });
}

/** What the service is asked to keep to; both dates left empty lift the limit. */
function scopeOf({ from, to }, submitter) {
  const off = submitter?.name === "period" || !(from.value || to.value);
  if (off) return { use_period: false };
  return { filters: { date_from: from.value || null, date_to: to.value || null } };
}

/** Let the chips below `list` close as a menu does, and keep their dates in order. */
export function watchChips(list) {
  list.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(event.target.closest(".period details[open]"));
  });
  document.addEventListener("pointerdown", (event) => {
    for (const details of list.querySelectorAll(".period details[open]")) {
      if (!details.parentElement.contains(event.target)) details.open = false;
    }
  });
  list.addEventListener("toggle", (event) => keepOrder(event.target.closest(".period")), true);
  list.addEventListener("input", (event) => keepOrder(event.target.closest(".period")));
}

/** Close a chip if it is open; who was in it goes on at what opens it. */
function close(details) {
  if (!details) return;
  details.open = false;
  details.querySelector("summary").focus();
}

function keepOrder(form) {
  if (form) form.elements.to.min = form.elements.from.value;
}
