// The filters set for the next questions, as chips beside the box; each can be taken away.

const NAMES = ["from", "to", "paper", "page"];

export class Filters {
  constructor(form, words) {
    this.fields = form.elements;
    this.list = form.querySelector(".set-filters");
    this.words = words;
    form.addEventListener("input", (event) => {
      if (NAMES.includes(event.target.name)) this.show();
    });
    this.show();
  }

  /** What `/api/answer` is to keep to; null where nothing is set. */
  get body() {
    const set = { date_from: this.#value("from"), date_to: this.#value("to"), paper: this.#value("paper"), page: this.#value("page") };
    return Object.values(set).some(Boolean) ? set : null;
  }

  show() {
    this.fields.namedItem("to").min = this.fields.namedItem("from").value;
    this.list.replaceChildren(...NAMES.filter((name) => this.#value(name)).map((name) => this.#chip(name)));
  }

  #value(name) {
    return this.fields.namedItem(name).value.trim() || null;
  }

  #chip(name) {
    const text = this.#text(name);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "set-filter";
    button.textContent = `${text} ×`;
    button.setAttribute("aria-label", this.words.drop.replace("{}", () => text));
    button.addEventListener("click", () => {
      this.fields.namedItem(name).value = "";
      this.show();
      this.fields.namedItem("q").focus();
    });
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  #text(name) {
    const value = this.#value(name);
    if (name === "paper") return value;
    if (name === "page") return this.words.namePage.replace("{}", () => value);
    return `${name === "from" ? this.words.nameFrom : this.words.nameTo} ${value}`;
  }
}

/** What the service is to keep to when the form of a turn's chips asks again, as `/api/answer` takes it. */
export function scopeOf(form, submitter) {
  const given = new FormData(form, submitter);
  if (given.has("without")) given.delete(given.get("without"));
  const text = (name) => given.get(name)?.trim() || null;
  const off = text("period") === "off" || (form.classList.contains("scope") && !text("from") && !text("to"));
  const filters = { date_from: off ? null : text("from"), date_to: off ? null : text("to"), paper: text("paper"), page: text("page") };
  return { ...(Object.values(filters).some(Boolean) && { filters }), ...(off && { use_period: false }) };
}
