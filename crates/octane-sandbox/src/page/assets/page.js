// Saves reloads on pages that work without it: filters apply while they are edited, Ctrl+Enter runs a
// query, and the list of requests is updated live.
"use strict";

const WAIT_MS = 200;
const FOLLOW_MS = 1000;

/** Replaces the results of this page by those at another URL. */
class Results {
  #request = null;

  /** `isQuiet`: only if something has changed, and without an announcement to screen readers. */
  async show(address, { isQuiet = false } = {}) {
    if (isQuiet && this.#request) return; // The user has just requested something else.
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    let text;
    try {
      const answer = await fetch(address, { signal: request.signal });
      text = await answer.text();
    } catch {
      return; // A newer request replaced it, or the sandbox has stopped: the page stays unchanged.
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

/** Whether the user is interacting with that area. */
function isInUse(place) {
  return place.contains(document.activeElement) || place.querySelector("details[open]") !== null;
}

/** Keeps a list up to date until it is paused. */
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
  // A select may only fire `change`; after typing, `change` is redundant.
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
