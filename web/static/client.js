// One question to the service. Resolves to { answer } or { problem }, never rejects.

/** `words` are the sentences for failures that the service could not put in its own words. */
export async function ask(body, { waitMs, words }) {
  try {
    const response = await fetch("/api/answer", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(waitMs),
    });
    return await read(response, words);
  } catch (error) {
    return { problem: { detail: error.name === "TimeoutError" ? words.slow : words.offline } };
  }
}

async function read(response, words) {
  const text = await response.text();
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    return { problem: { detail: words.unreadable } };
  }
  return response.ok ? { answer: document } : { problem: document };
}
