// What every page owes its reader, run in the page by person.py. Each fault is one line: what and where.
({
  name: (element) => element.outerHTML.slice(0, 160),

  faults() {
    const found = [];
    const all = (selector) => [...document.querySelectorAll(selector)];
    const root = document.documentElement;
    if (all("h1").length !== 1) found.push(`${all("h1").length} h1`);
    if (!document.title.trim() || document.title.trim().startsWith("–")) found.push(`title: ${document.title}`);
    if (!["fr", "en"].includes(root.lang)) found.push(`lang: ${root.lang}`);
    for (const leftover of root.outerHTML.match(/.{0,40}({{|{%|{#).{0,40}/g) ?? []) found.push(`template: ${leftover}`);
    for (const element of all("script:not([src]), style")) found.push(`inline: ${this.name(element)}`);
    for (const element of all("*")) {
      for (const { name, value } of element.attributes) {
        // Taking a picture leaves an empty style behind.
        if ((name === "style" && value) || name.startsWith("on")) found.push(`inline: ${this.name(element)}`);
      }
    }
    const ids = all("[id]").map((element) => element.id);
    for (const id of new Set(ids.filter((id, rank) => ids.indexOf(id) !== rank))) found.push(`id twice: ${id}`);
    for (const link of all('a[href^="#"]')) {
      const target = decodeURIComponent(link.hash.slice(1));
      if (target && !document.getElementById(target)) found.push(`leads nowhere: ${this.name(link)}`);
    }
    return found;
  },

  // Each element in its place: those around it, with their attributes but names and texts; whether it says something, and
  // has a label.
  places() {
    const text = /^(id|for|name|value|href|action|src|content|title|datetime|data-(?!state$).*|aria-(label|describedby|labelledby|controls))$/;
    const own = (element) =>
      [...element.attributes].map(({ name, value }) => (text.test(name) ? `${name}=${!!value}` : `${name}=${value}`)).sort().join();
    const says = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const found = new Map([[null, ""]]);
    for (const element of document.querySelectorAll(":not(svg *)")) {
      const place = `${element.localName} ${own(element)} ${says(element)} ${!!element.labels?.length}`.replace(/\d+/g, "0");
      found.set(element, `${found.get(element.parentElement)}>${place}`);
    }
    return [...new Set(found.values())];
  },

  overflow() {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const out = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > width + 1);
    return out.slice(-3).map((element) => `wider than ${width} px: ${this.name(element)}`);
  },

  // Whether the focus is on an element (on its group, for radio buttons), and why it could not be seen where it is.
  focus(wanted) {
    const here = document.activeElement;
    const together = wanted.type === "radio" && here.type === "radio" && here.name === wanted.name;
    const reached = here === wanted || together;
    if (here === document.body || here.id === "main") return { reached, fault: "" };
    // The focus is on a part of the browser's own, the calendar of a date, which draws its own ring.
    if (!here.matches(":focus")) return { reached, fault: "" };
    const outlined = [here, here.closest("label")].some((element) => {
      const style = element && getComputedStyle(element);
      return style && ((style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none");
    });
    const box = here.getBoundingClientRect();
    const points = [[0.5, 0.5], [0.05, 0.2], [0.95, 0.2], [0.05, 0.8], [0.95, 0.8]];
    const seen = points.some(([x, y]) => {
      const top = document.elementFromPoint(box.left + x * box.width, box.top + y * box.height);
      return top && (here.contains(top) || top === here.closest("label"));
    });
    const fault = outlined ? (seen ? "" : "the focus is hidden: ") : "no visible focus: ";
    return { reached, fault: fault && fault + this.name(here) };
  },
})
