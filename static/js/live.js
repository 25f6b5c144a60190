// Puts what the server has just computed at an autosave ({"live": {"hours": "…"}}) into [data-live="hours"].
document.addEventListener("autosaved", (event) => {
  for (const [name, text] of Object.entries(event.detail.live ?? {})) {
    for (const element of document.querySelectorAll(`[data-live="${CSS.escape(name)}"]`)) element.textContent = text;
  }
});
