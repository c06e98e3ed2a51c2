// Text as the page sets it. Offsets from the server count code points, while a string here counts
// UTF-16 units, so whatever is cut at an offset goes through Array.from first.
// The same rules as web/typeset.py, which sets what the server writes.

const MARK = /\[(\d{1,3})\]/g;
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

/** Link to an article, at a quote when one is given. */
export function articleHref(articleId, quote) {
  const path = `/articles/${encodeURIComponent(articleId)}`;
  return quote ? `${path}?quote=${quote.start}-${quote.end}#quote` : path;
}
