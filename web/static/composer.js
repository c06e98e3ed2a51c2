// The question box. Enter asks, Shift+Enter breaks the line, arrows find earlier questions again, and an
// input method's Enter, which only picks a candidate, never asks.

// Safari ends the composition before the Enter that ended it arrives as an ordinary key.
const AFTER_COMPOSITION_MS = 100;
const INPUT_METHOD_KEY = 229;

export function watchKeys(box, { send, earlier }) {
  let composing = false;
  let composedAt = -Infinity;
  const recalled = new Recall(box, earlier);
  box.addEventListener("compositionstart", () => {
    composing = true;
  });
  box.addEventListener("compositionend", (event) => {
    composing = false;
    composedAt = event.timeStamp;
  });
  box.addEventListener("keydown", (event) => {
    if (composing || event.isComposing || event.keyCode === INPUT_METHOD_KEY) return;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") recalled.turn(event);
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (event.timeStamp - composedAt > AFTER_COMPOSITION_MS) send();
  });
}

/** "/" anywhere outside of a field goes to the question box. */
export function watchSlash(box) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    box.focus();
  });
}

/** Earlier questions in the box, as a shell does: only where an arrow would not move within the text. */
class Recall {
  constructor(box, earlier) {
    this.box = box;
    this.earlier = earlier;
    this.back = 0;
    this.draft = "";
    this.shown = "";
  }

  turn(event) {
    if (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    const untouched = this.back > 0 && this.box.value === this.shown;
    if (!untouched) this.back = 0;
    if (!untouched && this.box.value.trim() && event.key === "ArrowUp") return;
    const questions = this.earlier();
    const back = this.back + (event.key === "ArrowUp" ? 1 : -1);
    if (back < 0 || back > questions.length) return;
    event.preventDefault();
    if (this.back === 0) this.draft = this.box.value;
    this.back = back;
    this.shown = back ? questions[questions.length - back] : this.draft;
    this.box.value = this.shown;
  }
}
