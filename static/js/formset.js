// Adds and removes rows of a Django formset. Without JavaScript, one empty row and the deletion boxes do the work.
//   <div data-formset="prefix"> {{ management_form }}
//     <div data-formset-rows> <div class="formset-row">…</div> </div>
//     <template> <div class="formset-row">… __prefix__ …</div> </template>
//     <button type="button" data-formset-add hidden>
//   A row's own <button type="button" data-formset-remove hidden> ticks its deletion box and hides it.
function changed(formset) {
  formset.dispatchEvent(new Event("change", { bubbles: true }));
}

function enhance(root) {
  for (const button of root.querySelectorAll("[data-formset-add], [data-formset-remove]")) button.hidden = false;
  for (const box of root.querySelectorAll("[data-formset] input[name$='-DELETE']")) box.closest(".field, .tick, label")?.setAttribute("hidden", "");
}

enhance(document);
document.addEventListener("htmx:afterSettle", (event) => enhance(event.target));
document.addEventListener("click", (event) => {
  const formset = event.target.closest("[data-formset]");
  if (!formset) return;
  if (event.target.closest("[data-formset-add]")) {
    const total = formset.querySelector(`[name="${formset.dataset.formset}-TOTAL_FORMS"]`);
    const html = formset.querySelector("template").innerHTML.replaceAll("__prefix__", total.value);
    const rows = formset.querySelector("[data-formset-rows]");
    rows.insertAdjacentHTML("beforeend", html);
    total.value = Number(total.value) + 1;
    enhance(rows.lastElementChild);
    rows.lastElementChild.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  } else if (event.target.closest("[data-formset-remove]")) {
    const row = event.target.closest(".formset-row");
    row.querySelector("input[name$='-DELETE']").checked = true;
    row.hidden = true;
    formset.querySelector("[data-formset-add]")?.focus();
    changed(formset);
  }
});
