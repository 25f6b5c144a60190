// Saves a <form data-autosave> as it is filled, and never loses what was typed.
//
// One second after the last change the form is posted with the header X-Autosave: 1; the server answers
//   {"saved_at": "14:32", "errors": {"field": ["…"]}, "steps": {"slug": "done"}}     or {"message": "…"} with a 4xx.
// The hidden field "shown" says what the page showed of each field; the answer holds the next one, "shown", with
//   "refreshed": {"field": ["…"]}, changed elsewhere and left alone here,
//   "moved": {"field": "<fieldset>"}, changed on both sides: somebody decides, "reload" when that needs another page.
// Until then a copy stays in sessionStorage: it survives a failure, a reload and signing in again. The words shown
// are those of components/save_status.html. A form with data-autosave="here" is kept in the browser only.
const IDLE = 1000;
const KEPT = 12 * 3600 * 1000;
const PREFIX = "pstage:";
const user = "refused" in document.body.dataset ? "" : (document.body.dataset.user ?? "");
const forms = new WeakMap();

const keyOf = (form) => PREFIX + location.pathname + (form.id && `#${form.id}`);
const statusOf = (form) => form.querySelector("[data-save-status]") ?? document.querySelector("[data-save-status]");

function textData(form) {
  const data = new FormData(form);
  const files = [...data].filter(([, value]) => value instanceof File);
  for (const [name] of files) data.delete(name);
  return data;
}

function keep(form, state) {
  const fields = [...textData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  try {
    sessionStorage.setItem(keyOf(form), JSON.stringify({ user, state, fields, at: Date.now() }));
  } catch {
    // Storage is full or forbidden: the text is still in the page.
  }
}

function say(form, state, text, link) {
  const status = statusOf(form);
  if (!status) return;
  status.dataset.state = state;
  status.textContent = text;
  if (link) {
    const anchor = document.createElement("a");
    Object.assign(anchor, { href: location.href, textContent: link });
    anchor.addEventListener("click", () => (forms.get(form).failed = false));
    status.append(" ", anchor);
  }
}

function showErrors(form, errors, touched) {
  let count = 0;
  for (const field of form.querySelectorAll("[data-field]")) {
    const name = field.dataset.field;
    if (!touched.has(name) && !field.classList.contains("has-error")) continue;
    const messages = errors[name] ?? [];
    const input = field.querySelector(":is(input, select, textarea):not([type=hidden])");
    const described = field.querySelector("fieldset:not([data-moved])") ?? input;
    if (!input) continue;
    count += messages.length;
    const id = `id_${name}_error`;
    field.querySelector(".errorlist")?.remove();
    field.classList.toggle("has-error", messages.length > 0);
    const ids = (described.getAttribute("aria-describedby") ?? "").split(" ").filter((other) => other && other !== id);
    if (messages.length) {
      const list = Object.assign(document.createElement("ul"), { className: "errorlist", id });
      list.append(...messages.map((message) => Object.assign(document.createElement("li"), { textContent: message })));
      const remark = field.querySelector(":scope > .remark");
      if (described === input) field.insertBefore(list, remark);
      else described.append(list);
      input.setAttribute("aria-invalid", "true");
      ids.push(id);
    } else {
      input.removeAttribute("aria-invalid");
    }
    if (ids.length) described.setAttribute("aria-describedby", ids.join(" "));
    else described.removeAttribute("aria-describedby");
  }
  return count;
}

function valuesOf(form, name) {
  const inputs = [...form.elements].filter((input) => input.name === name);
  return inputs.filter((input) => !["checkbox", "radio"].includes(input.type) || input.checked).map((input) => input.value);
}

function setValues(form, name, values) {
  for (const input of form.elements) {
    if (input.name !== name) continue;
    if (input.type === "checkbox" || input.type === "radio") input.checked = values.includes(input.value);
    else input.value = values[0] ?? "";
  }
}

// What was changed elsewhere takes its place, unless it is being typed over here: then it is compared at the next save.
function showOthers(form, answer, sent) {
  const hidden = form.elements.shown;
  if (!hidden || !answer.shown) return;
  const before = JSON.parse(hidden.value || "{}");
  for (const [name, values] of Object.entries(answer.refreshed ?? {})) {
    if (String(valuesOf(form, name)) === String(sent.getAll(name))) setValues(form, name, values);
    else answer.shown[name] = before[name];
  }
  hidden.value = JSON.stringify(answer.shown);
  for (const field of form.querySelectorAll("[data-field]")) {
    const html = answer.moved?.[field.dataset.field];
    if (!html) field.querySelector("[data-moved]")?.remove();
    else if (!field.querySelector("[data-moved]")) field.insertAdjacentHTML("beforeend", html);
  }
  for (const name of Object.keys(answer.moved ?? {})) forms.get(form).touched.add(name);
}

function showSteps(steps) {
  for (const [slug, state] of Object.entries(steps)) {
    const item = document.querySelector(`[data-step="${CSS.escape(slug)}"]`);
    if (!item) continue;
    item.dataset.state = state;
    const label = item.querySelector(".step-state");
    label.textContent = item.parentElement.dataset[state];
    label.classList.toggle("sr", state === "todo" || state === "done");
  }
}

async function save(form) {
  const work = forms.get(form);
  clearTimeout(work.timer);
  if (work.request) return void (work.again = true);
  const words = statusOf(form)?.dataset ?? {};
  const fail = (reason, link) => {
    work.failed = true;
    say(form, "failed", (words.failed ?? "{reason}").replace("{reason}", reason), link);
  };
  const version = work.version;
  const sent = textData(form);
  work.request = new AbortController();
  say(form, "saving", words.saving);
  try {
    const response = await fetch(form.getAttribute("action") || location.href, {
      method: "POST",
      body: sent,
      headers: { "X-Autosave": "1", Accept: "application/json" },
      redirect: "manual",
      signal: work.request.signal,
    });
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    const answer = isJson ? await response.json() : {};
    if (response.ok && isJson) {
      work.failed = false;
      if (work.version === version) sessionStorage.removeItem(keyOf(form));
      showOthers(form, answer, sent);
      if (answer.reload) return void location.reload();
      const count = showErrors(form, answer.errors ?? {}, work.touched);
      say(form, "saved", (count ? words.savedErrors : words.saved)?.replace("{time}", answer.saved_at).replace("{count}", count));
      showSteps(answer.steps ?? {});
      form.dispatchEvent(new CustomEvent("autosaved", { bubbles: true, detail: answer }));
    } else if (response.type === "opaqueredirect" || response.status === 401) {
      fail(words.signedOut, words.signIn);
    } else if (response.status >= 500) {
      throw new Error(response.status);
    } else {
      fail(answer.message ?? words.refused, words.retry);
    }
  } catch (error) {
    if (error.name !== "AbortError") {
      fail(words.offline);
      work.timer = setTimeout(save, 10 * IDLE, form);
    }
  } finally {
    work.request = null;
  }
  if (work.again) {
    work.again = false;
    save(form);
  }
}

function changed(form) {
  const work = forms.get(form);
  work.version += 1;
  keep(form, "typed");
  if (form.dataset.autosave === "here") return;
  clearTimeout(work.timer);
  work.timer = setTimeout(save, IDLE, form);
}

function restore(form, fields) {
  for (const formset of form.querySelectorAll("[data-formset]")) {
    const name = `${formset.dataset.formset}-TOTAL_FORMS`;
    const rows = Number(new Map(fields).get(name) ?? 0) - Number(form.elements[name]?.value ?? 0);
    for (let added = 0; added < rows; added += 1) formset.querySelector("[data-formset-add]")?.click();
  }
  const left = Map.groupBy ? Map.groupBy(fields, ([name]) => name) : new Map();
  if (!Map.groupBy) for (const pair of fields) left.set(pair[0], [...(left.get(pair[0]) ?? []), pair]);
  for (const input of form.elements) {
    if (!input.name || input.name === "csrfmiddlewaretoken" || input.name.endsWith("_FORMS") || ["file", "submit", "button"].includes(input.type)) continue;
    const values = (left.get(input.name) ?? []).map(([, value]) => value);
    if (input.type === "checkbox" || input.type === "radio") input.checked = values.includes(input.value);
    else if (input.type === "select-multiple") for (const option of input.options) option.selected = values.includes(option.value);
    else if (values.length) input.value = left.get(input.name).shift()[1];
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
  say(form, "saving", statusOf(form)?.dataset.restored ?? "");
}

function start() {
  const own = new Map([...document.querySelectorAll("form[data-autosave]")].map((form) => [keyOf(form), form]));
  for (const form of own.values()) forms.set(form, { version: 0, touched: new Set(), failed: false });
  for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX))) {
    const copy = JSON.parse(sessionStorage.getItem(key));
    if (!user) {
      // The sign-in page, or an error: what was being sent may not have arrived.
      sessionStorage.setItem(key, JSON.stringify({ ...copy, state: "interrupted" }));
    } else if (copy.user !== user || copy.state === "sent" || Date.now() - copy.at > KEPT) {
      sessionStorage.removeItem(key);
    } else if (own.has(key)) {
      restore(own.get(key), copy.fields);
    }
  }
}

function formOf(event) {
  const form = event.target.closest?.("form[data-autosave]");
  return form && forms.has(form) ? form : null;
}

for (const type of ["input", "change"]) {
  document.addEventListener(type, (event) => {
    const form = formOf(event);
    if (form) changed(form);
  });
}
document.addEventListener("focusout", (event) => {
  const form = formOf(event);
  const name = event.target.closest?.("[data-field]")?.dataset.field;
  if (form && name && forms.get(form).version) forms.get(form).touched.add(name);
});
document.addEventListener("submit", (event) => {
  const form = formOf(event);
  if (!form || event.defaultPrevented) return;
  const work = forms.get(form);
  clearTimeout(work.timer);
  work.request?.abort();
  work.failed = false;
  keep(form, "sent");
});
addEventListener("online", () => document.querySelectorAll("form[data-autosave]").forEach((form) => forms.get(form)?.failed && save(form)));
addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll("form[data-autosave]")].some((form) => forms.get(form)?.failed)) event.preventDefault();
});
addEventListener("DOMContentLoaded", start);
