// Saves reloads on pages that work without it: filters apply while they are changed, and Ctrl+Enter
// runs a query.
"use strict";

const WAIT_MS = 200;

/** Shows what lives at another address in place of the results of this page. */
class Results {
  #request = null;

  async show(address) {
    this.#request?.abort();
    this.#request = new AbortController();
    let text;
    try {
      const answer = await fetch(address, { signal: this.#request.signal });
      text = await answer.text();
    } catch {
      return; // A newer request took its place, or the sandbox is gone: the page stays as it is.
    }
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("results");
    if (!fresh) return;
    document.getElementById("results").replaceWith(fresh);
    history.replaceState(null, "", address);
    document.getElementById("announcement").textContent = fresh.dataset.summary ?? "";
  }
}

function live(form, results) {
  let timer;
  const address = () => {
    const filled = [...new FormData(form)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(filled).toString();
    return location.pathname + (query ? `?${query}` : "");
  };
  // A choice may say `change` alone; after typing it comes too late to be news.
  for (const kind of ["input", "change"]) {
    form.addEventListener(kind, () => {
      clearTimeout(timer);
      if (address() === location.pathname + location.search) return;
      timer = setTimeout(() => results.show(address()), WAIT_MS);
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    results.show(address());
  });
}

const results = new Results();
for (const form of document.querySelectorAll("form[data-live]")) live(form, results);

for (const area of document.querySelectorAll("textarea[data-submit]")) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      area.form.requestSubmit();
    }
  });
}
