// The question box: Enter asks, Shift+Enter breaks the line, and an input method's Enter, which
// only picks a candidate, never asks.

// Safari ends the composition before the Enter that ended it arrives as an ordinary key.
const AFTER_COMPOSITION_MS = 100;
const INPUT_METHOD_KEY = 229;

export function watchEnter(box, send) {
  let composing = false;
  let composedAt = -Infinity;
  box.addEventListener("compositionstart", () => {
    composing = true;
  });
  box.addEventListener("compositionend", (event) => {
    composing = false;
    composedAt = event.timeStamp;
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    if (composing || event.isComposing || event.keyCode === INPUT_METHOD_KEY) return;
    event.preventDefault();
    if (event.timeStamp - composedAt > AFTER_COMPOSITION_MS) send();
  });
}
