// An article opened from the chat: "back" goes back to the conversation, not to an empty page.

const cameFrom = document.referrer && new URL(document.referrer);

if (cameFrom && cameFrom.origin === location.origin && /^\/($|chats\/|answers\/)/.test(cameFrom.pathname)) {
  for (const link of document.querySelectorAll(".back")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      history.back();
    });
  }
}
