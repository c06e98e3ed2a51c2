// Parts of pages, set and escaped by our own server. The only place where markup becomes elements.

/**
 * Fetch a part of a page from a path of this host: a fragment to be inserted.
 * Rejects when the server does not give it.
 */
export async function fetchFragment(path) {
  if (!path.startsWith("/") || path.startsWith("//")) throw new Error("not ours");
  const response = await fetch(path);
  if (!response.ok || !response.headers.get("Content-Type").startsWith("text/html")) {
    throw new Error(String(response.status));
  }
  // A parsed document runs no scripts and loads nothing until its elements are inserted.
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  const fragment = document.createDocumentFragment();
  fragment.append(...parsed.body.childNodes);
  return fragment;
}
