// Moves focus to what must be read first: the error summary of a page or of a fragment htmx has just placed.
function focusFirst(root) {
  root.querySelector?.("[data-focus]")?.focus();
}

focusFirst(document);
document.addEventListener("htmx:afterSettle", (event) => focusFirst(event.target));

// The address may still name the field a summary led to: the answer must not send the focus back there.
document.addEventListener("submit", () => {
  if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
});

// A menu closes when the focus leaves it, as it does when one clicks elsewhere.
document.addEventListener("focusin", (event) => {
  for (const menu of document.querySelectorAll("[popover]:popover-open")) {
    if (!menu.contains(event.target) && event.target.getAttribute("popovertarget") !== menu.id) menu.hidePopover();
  }
});
