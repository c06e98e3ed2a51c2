// The chat page: wires the question box, the turns, the article beside them and the list of conversations.
// Turns are set by the server; what is here asks, shows what is told meanwhile, and fetches the turn.

import { showCopyButtons, watchActions } from "./actions.js";
import { watchKeys, watchSlash } from "./composer.js";
import { Filters, scopeOf } from "./filters.js";
import { fetchFragment } from "./fragment.js";
import { Panel } from "./panel.js";
import { closePopover, watchPopovers } from "./popovers.js";
import { watchPreviews } from "./preview.js";
import { ask } from "./stream.js";

const main = document.getElementById("content");
const words = main.dataset;
const turns = document.getElementById("turns");
const form = document.getElementById("ask");
const box = document.getElementById("question");
const send = form.querySelector(".send");
const stop = form.querySelector(".stop");
const status = document.getElementById("status");
const filters = new Filters(form, words);
const panel = new Panel(document.getElementById("panel"));

// Kept in the form, so that a question sent without scripts goes on in the same conversation.
const conversation = form.elements.namedItem("conversation");
let running = null;

function begin(question, scope) {
  if (running || !question.trim()) return;
  document.body.classList.remove("front");
  for (const element of document.querySelectorAll(".front-only, .notice")) element.remove();
  const turn = added(question);
  turn.scrollIntoView({ block: "start" });
  reply(turn, question, scope);
}

function added(question) {
  const turn = document.getElementById("turn-template").content.firstElementChild.cloneNode(true);
  const number = turns.children.length + 1;
  turn.id = `turn-${number}`;
  turn.dataset.number = number;
  turn.querySelector("[data-slot=question]").textContent = question;
  turns.append(turn);
  return turn;
}

async function reply(turn, question, scope) {
  running = new AbortController();
  setBusy(turn, true);
  status.textContent = words.pending;
  const body = { question, ...scope };
  if (conversation.value) body.conversation_id = conversation.value;
  const told = (event, data) => show(turn, event, data);
  const { answer, problem, stopped } = await ask(body, { told, signal: running.signal, waitMs: Number(words.waitMs), words });
  if (answer) await showAnswer(turn, answer);
  else showProblem(turn, question, scope, stopped ? { detail: words.stopped } : problem);
  setBusy(turn, false);
  running = null;
}

/** What is told while the answer is made: the stage, then the text as far as it is written. */
function show(turn, event, data) {
  const stage = turn.querySelector(".stage");
  const draft = turn.querySelector(".draft");
  if (event === "stage") stage.textContent = words[data.stage] ?? words.pending;
  if (event === "token") {
    draft.hidden = false;
    stage.hidden = true;
    draft.append(data.text);
  }
}

async function showAnswer(turn, answer) {
  conversation.value = answer.conversation_id ?? "";
  const number = turn.dataset.number;
  try {
    const fragment = await fetchFragment(`/answers/${encodeURIComponent(answer.id)}/turn?number=${number}`);
    const set = fragment.firstElementChild;
    showCopyButtons(set);
    const focused = turn.contains(document.activeElement);
    turn.replaceWith(set);
    if (focused) set.querySelector(".question").focus();
  } catch {
    showProblem(turn, answer.question, {}, { detail: words.unreadable });
    return;
  }
  status.textContent = answer.answered ? `${words.answered}${answer.answer}` : `${words.refused} ${answer.answer}`;
  // A reload, and the way back from an article, finds the conversation again.
  if (conversation.value) history.replaceState(null, "", `/chats/${encodeURIComponent(conversation.value)}`);
  listAgain();
}

async function listAgain() {
  try {
    const list = await fetchFragment(`/chats?part=${encodeURIComponent(conversation.value)}`);
    document.getElementById("chat-list").replaceChildren(list);
  } catch {
    // The list is a reader's convenience; the next page load has it.
  }
}

function showProblem(turn, question, scope, problem) {
  // A conversation that is gone must not fail every question after it.
  if (problem.code === "conversation_not_found") conversation.value = "";
  const told = document.getElementById("problem-template").content.cloneNode(true);
  for (const name of ["detail", "hint", "request_id"]) {
    told.querySelector(`[data-slot=${name}]`).textContent = problem[name] ?? "";
  }
  told.querySelector(".request").hidden = !(problem.status >= 500);
  told.querySelector(".again").addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (running) return;
    const fresh = document.getElementById("turn-template").content.querySelector(".reply").cloneNode(true);
    turn.querySelector(".reply").replaceWith(fresh);
    reply(turn, question, scope);
  });
  turn.querySelector(".reply").replaceChildren(told);
  status.textContent = `${words.failed}: ${problem.detail}`;
}

function setBusy(turn, busy) {
  turn.toggleAttribute("aria-busy", busy);
  if (busy) turn.setAttribute("aria-busy", "true");
  const focused = document.activeElement === (busy ? send : stop);
  send.hidden = busy;
  stop.hidden = !busy;
  if (focused) box.focus();
}

function earlier() {
  return [...turns.querySelectorAll("[data-slot=question]")].map((element) => element.textContent);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running || !box.value.trim()) return;
  const question = box.value;
  box.value = "";
  const set = filters.body;
  begin(question, set ? { filters: set } : {});
});
stop.addEventListener("click", () => running?.abort());
document.getElementById("suggestions")?.addEventListener("submit", (event) => {
  event.preventDefault();
  begin(event.submitter.value, {});
});
turns.addEventListener("submit", (event) => {
  const asked = event.target.closest(".scope, .follow-ups, .again");
  if (!asked) return;
  event.preventDefault();
  const question = event.submitter?.name === "q" ? event.submitter.value : asked.elements.namedItem("q").value;
  const open = asked.querySelector("details[open]");
  if (open) open.open = false;
  begin(question, scopeOf(asked, event.submitter));
});
turns.addEventListener("click", (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const mark = event.target.closest(".cite");
  const source = mark ? document.getElementById(mark.hash.slice(1)) : event.target.closest(".source, .report");
  const link = source?.querySelector(".headline");
  if (!link) return;
  event.preventDefault();
  panel.open(link.getAttribute("href"), mark ?? link);
});
turns.addEventListener("input", (event) => {
  const dates = event.target.closest(".scope")?.elements;
  if (dates?.namedItem("from")) dates.namedItem("to").min = dates.namedItem("from").value;
});
turns.addEventListener(
  "toggle",
  (event) => {
    const dates = event.target.closest(".scope")?.elements;
    if (dates?.namedItem("from")) dates.namedItem("to").min = dates.namedItem("from").value;
  },
  true,
);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  if (closePopover()) return;
  if (running) running.abort();
  else panel.close();
});

watchActions(turns, words);
watchPopovers();
watchPreviews(turns);
watchKeys(box, { send: () => form.requestSubmit(), earlier });
watchSlash(box);

document.querySelector(".keys").hidden = false;
if (matchMedia("(hover: hover)").matches && !location.hash) box.focus({ preventScroll: true });
