// Shows a block only when another field has a given value; without JavaScript every block is shown. What is hidden keeps
// what was typed and is not sent; the server does not read it either (organisations/conditions.py, with the same words).
//   data-reveal-when="is_paid=True"        one value, or several: "kind=a|b"
//   data-reveal-when="country!=FR"         any other value
//   data-reveal-when="works_at_night"      anything at all: a ticked box, a text that is not empty
// Join several conditions with a comma: one is enough.
function values(form, name) {
  return new FormData(form).getAll(name).map(String).filter(Boolean);
}

function holds(form, condition) {
  const [, name, operator, expected = ""] = condition.trim().match(/^([^=!]+)(!?=)?(.*)$/);
  const current = values(form, name);
  if (!operator) return current.length > 0;
  const found = expected.split("|").some((value) => current.includes(value));
  return operator === "=" ? found : current.length > 0 && !found;
}

function update(root) {
  for (const block of root.querySelectorAll("[data-reveal-when]")) {
    const form = block.closest("form");
    if (!form) continue;
    block.hidden = !block.dataset.revealWhen.split(",").some((condition) => holds(form, condition));
    for (const control of block.querySelectorAll("input, select, textarea")) control.disabled = block.hidden;
  }
}

update(document);
for (const type of ["input", "change"]) document.addEventListener(type, (event) => event.target.form && update(event.target.form));
for (const type of ["autosaved", "htmx:afterSettle"]) document.addEventListener(type, () => update(document));
