// Turns on the page: clones of the page's own templates, filled with text and nothing but text.

import { answerParts, articleHref, dateText, excerpt, format } from "./text.js";

export class Turns {
  constructor(list, words) {
    this.list = list;
    this.words = words;
  }

  /** Add a turn that waits for its reply. */
  add(question) {
    const fragment = clone("turn-template");
    const element = fragment.firstElementChild;
    const turn = { element, question, number: this.list.children.length + 1 };
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

  showAnswer(turn, answer) {
    turn.element.removeAttribute("aria-busy");
    this.#reply(turn, answer.answered ? this.#answered(turn, answer) : this.#unanswered(answer));
  }

  /** Show what went wrong; `retry` is called when the reader asks again. */
  showProblem(turn, problem, retry) {
    turn.element.removeAttribute("aria-busy");
    const reply = clone("problem-template");
    fill(reply, { detail: problem.detail, hint: problem.hint, request_id: problem.request_id });
    reply.querySelector(".request").hidden = !(problem.status >= 500);
    const link = slot(reply, "retry");
    link.href = `/?q=${encodeURIComponent(turn.question)}`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      retry();
    });
    this.#reply(turn, reply);
  }

  #reply(turn, content) {
    slot(turn.element, "reply").replaceChildren(content);
  }

  #answered(turn, answer) {
    const reply = clone("answer-template");
    const numbers = new Set(answer.citations.map((citation) => citation.n));
    const parts = answerParts(answer.answer, numbers);
    slot(reply, "text").replaceChildren(
      ...parts.map((part) => (part.n === undefined ? part.text : mark(turn, part))),
    );
    slot(reply, "sources").replaceChildren(
      ...answer.citations.map((citation) => this.#source(turn, citation)),
    );
    return reply;
  }

  #unanswered(answer) {
    const reply = clone("unanswered-template");
    slot(reply, "text").textContent = answer.answer;
    slot(reply, "related").replaceChildren(...answer.related.map((report) => this.#related(report)));
    reply.querySelector(".evidence").hidden = answer.related.length === 0;
    return reply;
  }

  #source(turn, citation) {
    const card = clone("source-template");
    card.firstElementChild.id = sourceId(turn, citation.n);
    const quote = { start: citation.quote_start, end: citation.quote_end };
    this.#place(card, citation, quote);
    fill(card, { n: citation.n, ...excerpt(citation) });
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
