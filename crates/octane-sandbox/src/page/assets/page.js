// Saves reloads on pages that work without it: filters apply while they are changed, Ctrl+Enter runs a
// query, and the list of requests follows what comes in.
"use strict";

const WAIT_MS = 200;
const FOLLOW_MS = 1000;

/** Shows what lives at another address in place of the results of this page. */
class Results {
  #request = null;

  /** `isQuiet`: only if there is news, and without a word to those who listen. */
  async show(address, { isQuiet = false } = {}) {
    if (isQuiet && this.#request) return; // Somebody has just asked for something else.
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    let text;
    try {
      const answer = await fetch(address, { signal: request.signal });
      text = await answer.text();
    } catch {
      return; // A newer request took its place, or the sandbox is gone: the page stays as it is.
    } finally {
      if (this.#request === request) this.#request = null;
    }
    if (request.signal.aborted) return;
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("results");
    if (!fresh) return;
    const shown = document.getElementById("results");
    if (isQuiet && (fresh.dataset.version === shown.dataset.version || isInUse(shown))) return;
    shown.replaceWith(fresh);
    if (isQuiet) return;
    history.replaceState(null, "", address);
    document.getElementById("announcement").textContent = fresh.dataset.summary ?? "";
  }
}

/** Whether somebody is in the middle of something there. */
function isInUse(place) {
  return place.contains(document.activeElement) || place.querySelector("details[open]") !== null;
}

/** Keeps a list up to date until somebody pauses it. */
function follow(results) {
  const button = document.querySelector("[data-pause]");
  const isPaused = () => button.ariaPressed === "true";
  button.hidden = false;
  button.addEventListener("click", () => {
    button.ariaPressed = String(!isPaused());
  });
  setInterval(() => {
    if (isPaused() || document.hidden) return;
    results.show(location.pathname + location.search, { isQuiet: true });
  }, FOLLOW_MS);
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

if (document.querySelector("[data-live-list]")) follow(results);

for (const area of document.querySelectorAll("textarea[data-submit]")) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      area.form.requestSubmit();
    }
  });
}
