// Turns on the page: clones of the page's own templates, filled with text and nothing but text.

import { chipOf, fillChip } from "./period.js";
import { answerParts, articleHref, dateText, emphasised, excerpt, format, linesOf, news } from "./text.js";

export class Turns {
  constructor(list, words) {
    this.list = list;
    this.words = words;
    this.reasons = new Map(Object.entries(JSON.parse(words.reasons)));
  }

  /** Add a turn that waits for its reply; its `scope` is what the reader limits the question to. */
  add(question) {
    const fragment = clone("turn-template");
    const element = fragment.firstElementChild;
    const turn = { element, question, number: this.list.children.length + 1, scope: {} };
    element.id = `turn-${turn.number}`;
    slot(element, "question").textContent = question;
    this.wait(turn);
    this.list.append(fragment);
    return turn;
  }

  wait(turn) {
    turn.element.setAttribute("aria-busy", "true");
    this.#reply(turn, clone("pending-template"));
  }

  /** Show an answer; `change` is called when the reader limits the question to other days. */
  showAnswer(turn, answer, change) {
    turn.element.removeAttribute("aria-busy");
    const standalone = news(turn.question, answer.standalone_question);
    fill(turn.element, { standalone });
    turn.element.querySelector(".understood").hidden = !standalone;
    this.#limit(turn, answer, change);
    this.#reply(turn, answer.answered ? this.#answered(turn, answer) : this.#unanswered(answer));
  }

  /** Show what went wrong; `retry` is called when the reader asks again. */
  showProblem(turn, problem, retry) {
    turn.element.removeAttribute("aria-busy");
    const reply = clone("problem-template");
    fill(reply, { detail: problem.detail, hint: problem.hint, request_id: problem.request_id });
    reply.querySelector(".request").hidden = !(problem.status >= 500);
    const link = slot(reply, "retry");
    link.href = addressOf(turn);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      retry();
    });
    this.#reply(turn, reply);
  }

  #limit(turn, answer, change) {
    const place = slot(turn.element, "period");
    const focused = place.contains(document.activeElement);
    const chip = chipOf(turn.scope, answer);
    const fragment = chip ? clone("period-template") : "";
    if (chip) {
      const conversation = answer.conversation_id ?? "";
      const given = { chip, words: this.words, question: turn.question, conversation, change };
      fillChip(fragment.querySelector("form"), given);
    }
    place.replaceChildren(fragment);
    // Who pressed a button that is gone goes on where it was, not at the top of the page.
    if (focused) (place.querySelector("summary") ?? turn.element.querySelector(".question")).focus();
  }

  #reply(turn, content) {
    slot(turn.element, "reply").replaceChildren(content);
  }

  #answered(turn, answer) {
    const reply = clone("answer-template");
    const numbers = new Set(answer.citations.map((citation) => citation.n));
    const { short, text } = linesOf(answer);
    set(slot(reply, "short"), answerParts(short, numbers), turn);
    set(slot(reply, "text"), emphasised(answerParts(text, numbers), short && answer.span), turn);
    set(slot(reply, "writer"), answer.model ? [{ text: format(this.words.writtenBy, answer.model) }] : []);
    if (answer.verdict) reply.firstElementChild.dataset.verdict = answer.verdict;
    slot(reply, "sources").replaceChildren(
      ...answer.citations.map((citation, place) => this.#source(turn, citation, place ? "" : answer.span)),
    );
    return reply;
  }

  #unanswered(answer) {
    const reply = clone("unanswered-template");
    if (answer.reason) reply.firstElementChild.dataset.reason = answer.reason;
    fill(reply, { refusal: this.reasons.get(answer.reason) ?? this.words.unanswered, text: answer.answer });
    slot(reply, "related").replaceChildren(...answer.related.map((report) => this.#related(report)));
    reply.querySelector(".evidence").hidden = answer.related.length === 0;
    return reply;
  }

  #source(turn, citation, span) {
    const card = clone("source-template");
    card.firstElementChild.id = sourceId(turn, citation.n);
    const quote = { start: citation.quote_start, end: citation.quote_end };
    this.#place(card, citation, quote);
    const { quote: quoted, ...around } = excerpt(citation);
    fill(card, { n: citation.n, ...around });
    set(slot(card, "quote"), emphasised([{ text: quoted }], span));
    return card;
  }

  #related(report) {
    const item = clone("report-template");
    this.#place(item, report);
    return item;
  }

  #place(root, report, quote) {
    const headline = slot(root, "headline");
    headline.textContent = report.title;
    headline.href = articleHref(report.article_id, quote);
    fill(root, {
      paper: report.paper,
      date: dateText(this.words.date, report.date),
      page: report.page && format(this.words.page, report.page),
      byline: report.byline,
    });
  }
}

/** The address that asks a turn's question again, in the same scope. */
export function addressOf(turn, conversation = "") {
  const address = new URLSearchParams({ q: turn.question });
  if (conversation) address.set("conversation", conversation);
  const { date_from, date_to } = turn.scope.filters ?? {};
  if (date_from) address.set("from", date_from);
  if (date_to) address.set("to", date_to);
  if (turn.scope.use_period === false) address.set("period", "off");
  return `/?${address}`;
}

/** Set a paragraph in its parts; one without any is not there. */
function set(element, parts, turn) {
  element.hidden = parts.length === 0;
  element.replaceChildren(...parts.map((part) => (part.n === undefined ? run(part) : mark(turn, part))));
}

function run(part) {
  if (!part.strong) return part.text;
  const element = document.createElement("strong");
  element.textContent = part.text;
  return element;
}

function mark(turn, part) {
  const fragment = clone("mark-template");
  const link = fragment.firstElementChild;
  link.textContent = part.text;
  link.href = `#${sourceId(turn, part.n)}`;
  link.setAttribute("aria-label", link.getAttribute("aria-label").replace("0", part.n));
  return fragment;
}

function sourceId(turn, n) {
  return `turn-${turn.number}-source-${n}`;
}

function clone(id) {
  return document.getElementById(id).content.cloneNode(true);
}

function slot(root, name) {
  return root.querySelector(`[data-slot="${name}"]`);
}

function fill(root, values) {
  for (const [name, value] of Object.entries(values)) slot(root, name).textContent = value ?? "";
}
