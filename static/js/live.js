// Shows what the server has just computed at an autosave: texts ({"live": {"hours": "…"}}) in [data-live="hours"],
// fragments of ours ({"html": {"law": "<dl>…"}}) in [data-live-html="law"], whose opened details stay open.
const title = (details) => details.querySelector("summary").textContent;

document.addEventListener("autosaved", (event) => {
  for (const [name, text] of Object.entries(event.detail.live ?? {})) {
    for (const element of document.querySelectorAll(`[data-live="${CSS.escape(name)}"]`)) element.textContent = text;
  }
  for (const [name, html] of Object.entries(event.detail.html ?? {})) {
    for (const element of document.querySelectorAll(`[data-live-html="${CSS.escape(name)}"]`)) {
      const open = new Set([...element.querySelectorAll("details[open]")].map(title));
      element.innerHTML = html;
      for (const details of element.querySelectorAll("details")) details.open = open.has(title(details));
    }
  }
});
