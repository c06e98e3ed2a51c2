// One question to the service, and what it tells while it works. Never rejects.

/**
 * Ask; `told(event, data)` is called with `stage`, `token` and `citation` as they come.
 * Resolves to { answer }, { problem } or, where `signal` was aborted by the reader, { stopped: true }.
 * `words` are the sentences for failures that the service could not put in its own words.
 */
export async function ask(body, { told, signal, waitMs, words }) {
  const timeout = AbortSignal.timeout(waitMs);
  try {
    const response = await fetch("/api/answer", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, timeout]),
    });
    if (!response.ok) return { problem: await readProblem(response, words) };
    return (await readEvents(response, told)) ?? { problem: { detail: words.unreadable } };
  } catch (error) {
    if (signal.aborted) return { stopped: true };
    if (error instanceof SyntaxError) return { problem: { detail: words.unreadable } };
    return { problem: { detail: timeout.aborted ? words.slow : words.offline } };
  }
}

async function readProblem(response, words) {
  try {
    return await response.json();
  } catch {
    return { detail: words.unreadable };
  }
}

/** The last event, which is an answer or a problem; null where the stream ends without one. */
async function readEvents(response, told) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return null;
    buffer += value;
    const events = buffer.split("\n\n");
    buffer = events.pop();
    for (const [name, data] of events.map(parsed).filter(Boolean)) {
      if (name === "answer") return { answer: data };
      if (name === "error") return { problem: data };
      told(name, data);
    }
  }
}

/** Name and data of an event; null for a comment, which only keeps the connection open. */
function parsed(text) {
  const fields = new Map(text.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
  return fields.has("data") ? [fields.get("event"), JSON.parse(fields.get("data"))] : null;
}
