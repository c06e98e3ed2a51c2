// The chat page: wires the question box, the suggestions and the turns to the service.

import { ask } from "./client.js";
import { watchEnter } from "./composer.js";
import { watchChips } from "./period.js";
import { Turns, addressOf } from "./turns.js";

const main = document.getElementById("content");
const form = document.getElementById("ask");
const box = document.getElementById("question");
const button = form.querySelector("button");
const status = document.getElementById("status");
const suggestions = document.getElementById("suggestions");
const words = main.dataset;
const turns = new Turns(document.getElementById("turns"), words);

// Kept in the form, so that a question sent without scripts goes on in the same conversation.
const conversation = form.elements.namedItem("conversation");
let busy = false;

function begin(question) {
  if (busy || !question.trim()) return;
  leaveFront();
  const turn = turns.add(question);
  box.value = "";
  turn.element.scrollIntoView({ block: "start" });
  reply(turn);
}

async function reply(turn) {
  if (busy) return;
  setBusy(true);
  turns.wait(turn);
  status.textContent = words.pending;
  const body = { question: turn.question, ...turn.scope };
  if (conversation.value) body.conversation_id = conversation.value;
  const { answer, problem } = await ask(body, { waitMs: Number(words.waitMs), words });
  if (answer) showAnswer(turn, answer);
  else showProblem(turn, problem);
  setBusy(false);
}

function showAnswer(turn, answer) {
  conversation.value = answer.conversation_id ?? "";
  turns.showAnswer(turn, answer, (scope) => {
    if (busy) return;
    turn.scope = scope;
    reply(turn);
  });
  remember(turn);
  status.textContent = `${words.answered}${answer.answer}`;
}

// Coming back from an article, or a reload, finds the last answer again.
function remember(turn) {
  history.replaceState(null, "", addressOf(turn, conversation.value));
}

function showProblem(turn, problem) {
  // A conversation that is gone must not fail every question after it.
  if (problem.code === "not_found") conversation.value = "";
  turns.showProblem(turn, problem, () => reply(turn));
  status.textContent = `${words.failed}: ${problem.detail}`;
}

function setBusy(now) {
  busy = now;
  button.disabled = now;
}

function leaveFront() {
  document.body.classList.remove("front");
  for (const element of document.querySelectorAll(".front-only, .notice")) element.remove();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  begin(box.value);
});
suggestions?.addEventListener("submit", (event) => {
  event.preventDefault();
  begin(event.submitter.value);
});
watchChips(document.getElementById("turns"));
watchEnter(box, () => form.requestSubmit());

document.querySelector(".keys").hidden = false;
if (matchMedia("(hover: hover)").matches) box.focus({ preventScroll: true });
