// An article beside the chat, at its quote; over the chat where there is no room beside it.

import { fetchFragment } from "./fragment.js";

export class Panel {
  constructor(panel) {
    this.panel = panel;
    this.content = panel.querySelector("#panel-content");
    this.opener = null;
    panel.querySelector(".panel-close").addEventListener("click", () => this.close());
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  /** Show the article that `href` leads to; without an answer from the server the page itself is opened. */
  async open(href, opener) {
    try {
      const part = href.replace(/^\/articles\//, "/part/articles/").replace(/#.*/, "");
      this.content.replaceChildren(await fetchFragment(part));
    } catch {
      location.assign(href);
      return;
    }
    this.opener = opener;
    this.panel.querySelector(".panel-open").href = href;
    this.panel.hidden = false;
    document.body.classList.add("with-panel");
    const quote = this.content.querySelector("#quote");
    this.panel.scrollTop = 0;
    (quote ?? this.content).focus({ preventScroll: true });
    if (quote) this.panel.scrollTop = quote.offsetTop - this.panel.clientHeight / 3;
  }

  /** Close it; the reader goes on at what opened it. */
  close() {
    if (!this.isOpen) return false;
    this.panel.hidden = true;
    this.content.replaceChildren();
    document.body.classList.remove("with-panel");
    this.opener?.focus({ preventScroll: true });
    return true;
  }
}
