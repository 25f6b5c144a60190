// Moves focus to what must be read first: the error summary of a page or of a fragment htmx has just placed.
function focusFirst(root) {
  root.querySelector?.("[data-focus]")?.focus();
}

focusFirst(document);
document.addEventListener("htmx:afterSettle", (event) => focusFirst(event.target));

// A menu closes when the focus leaves it, as it does when one clicks elsewhere.
document.addEventListener("focusin", (event) => {
  for (const menu of document.querySelectorAll("[popover]:popover-open")) {
    if (!menu.contains(event.target) && event.target.getAttribute("popovertarget") !== menu.id) menu.hidePopover();
  }
});
