// Text as the page sets it. Offsets from the server count code points, while a string here counts
// UTF-16 units, so whatever is cut at an offset goes through Array.from first.
// The same rules as web/typeset.py, which sets what the server writes.

const MARK = /\[(\d{1,3})\]/g;
// Two characters of one figure: a border between them is none.
const FIGURE = /^([0-9][0-9.,]|[.,][0-9])$/;
const NEAR_CHARS = 45;

/** Split an answer at its [n] marks; a mark that no citation carries stays plain text. */
export function answerParts(text, numbers) {
  const parts = [];
  let position = 0;
  for (const match of text.matchAll(MARK)) {
    const n = Number(match[1]);
    if (!numbers.has(n)) continue;
    parts.push({ text: text.slice(position, match.index) }, { text: match[0], n });
    position = match.index + match[0].length;
  }
  parts.push({ text: text.slice(position) });
  return parts.filter((part) => part.text);
}

/** Set the first `span` of the first part that holds it in strong type; marks are left alone. */
export function emphasised(parts, span) {
  let found = !span;
  const result = parts.flatMap((part) => {
    const start = found || part.n !== undefined ? -1 : place(part.text, span);
    if (start < 0) return [part];
    found = true;
    const after = part.text.slice(start + span.length);
    return [{ text: part.text.slice(0, start) }, { text: span, strong: true }, { text: after }];
  });
  return result.filter((part) => part.text);
}

/** Where `span` stands in `text`, -1 if nowhere; a figure is not taken for a part of a longer one. */
function place(text, span) {
  const inside = (border) => FIGURE.test(text.slice(Math.max(border - 1, 0), border + 1));
  let start = text.indexOf(span);
  while (start >= 0 && (inside(start) || inside(start + span.length))) start = text.indexOf(span, start + 1);
  return start >= 0 ? start : text.indexOf(span);
}

/** Split an answer of kind `span` into its short first line and the rest; the others have no short line. */
export function linesOf(answer) {
  if (answer.answer_kind !== "span" || !answer.span) return { short: "", text: answer.answer };
  const end = answer.answer.indexOf("\n");
  if (end < 0) return { short: answer.answer, text: "" };
  return { short: answer.answer.slice(0, end), text: answer.answer.slice(end + 1) };
}

/** The completed question, unless it is the question itself but for spaces and widths. */
export function news(question, standalone) {
  const plain = (text) => text.normalize("NFKC").replace(/\s+/g, "");
  return standalone && plain(standalone) !== plain(question) ? standalone : "";
}

/** Cut a citation's passage at its quote. */
export function excerpt(citation) {
  const characters = Array.from(citation.passage);
  const within = (offset) => Math.min(Math.max(offset - citation.passage_start, 0), characters.length);
  const start = within(citation.quote_start);
  const end = Math.max(within(citation.quote_end), start);
  const nearStart = Math.max(start - NEAR_CHARS, 0);
  const cut = (from, to) => characters.slice(from, to).join("");
  return {
    far_before: cut(0, nearStart),
    before: cut(nearStart, start),
    quote: cut(start, end),
    after: cut(end, end + NEAR_CHARS),
    far_after: cut(end + NEAR_CHARS),
  };
}

/** Put values where a pattern has {}. */
export function format(pattern, ...values) {
  return values.reduce((text, value) => text.replace("{}", () => String(value)), pattern);
}

/** Write an ISO date as the page does; null is empty. */
export function dateText(pattern, iso) {
  return iso ? format(pattern, ...iso.split("-").map(Number)) : "";
}

/** Write the days from `first` to `last`, what they share said once; without one of them it is open. */
export function periodText(words, first, last) {
  if (first && last) {
    if (first === last) return dateText(words.date, first);
    return format(words.periodBetween, dateText(words.date, first), lastDayText(words, first, last));
  }
  if (first) return format(words.periodSince, dateText(words.date, first));
  return last ? format(words.periodUntil, dateText(words.date, last)) : "";
}

function lastDayText(words, first, last) {
  const [year, month, day] = last.split("-").map(Number);
  const [firstYear, firstMonth] = first.split("-").map(Number);
  if (year !== firstYear) return dateText(words.date, last);
  return month === firstMonth ? format(words.day, day) : format(words.monthDay, month, day);
}

/** Link to an article, at a quote when one is given. */
export function articleHref(articleId, quote) {
  const path = `/articles/${encodeURIComponent(articleId)}`;
  return quote ? `${path}?quote=${quote.start}-${quote.end}#quote` : path;
}
