// Comfort on top of pages that work without it: refresh in place, keys, a copy of what is typed stays.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const every = Number(document.body.dataset.refresh || 0) * 1000;
  const button = document.getElementById("refresh");
  let paused = false;
  try { paused = localStorage.getItem("gearmang.paused") === "yes"; } catch { /* not kept */ }

  const typing = () => {
    const at = document.activeElement;
    return at && /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName);
  };
  const touched = () =>
    [...document.querySelectorAll("main input, main textarea, main form details")].some((one) =>
      one.tagName === "DETAILS" ? one.open
        : one.checked !== one.defaultChecked || one.value !== one.defaultValue);

  const say = () => {
    if (!button) return;
    button.textContent = paused ? "Resume" : "Pause";
    button.title = paused ? "Refresh again" : `Refreshes every ${every / 1000} s`;
  };

  let busy = false;
  const refresh = async () => {
    if (busy) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const type = answer.headers.get("content-type") || "";
      if (!answer.ok || !type.startsWith("text/html")) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["main", "seen"]) {
        const fresh = page.getElementById(id);
        const old = document.getElementById(id);
        if (fresh && old && fresh.innerHTML !== old.innerHTML) {
          const focus = document.activeElement && document.activeElement.id;
          old.replaceWith(document.adoptNode(fresh));
          if (focus && document.getElementById(focus)) document.getElementById(focus).focus();
        }
      }
      choose(chosen, false);
    } catch { /* the page is away; the next look may find it */ } finally { busy = false; }
  };

  if (every) {
    setInterval(() => {
      if (!paused && !document.hidden && document.hasFocus() && !typing() && !touched()) refresh();
    }, every);
    addEventListener("focus", () => { if (!paused && !typing() && !touched()) refresh(); });
    if (button) {
      button.hidden = false;
      button.addEventListener("click", () => {
        paused = !paused;
        try { localStorage.setItem("gearmang.paused", paused ? "yes" : "no"); } catch { /* not kept */ }
        say();
      });
      say();
    }
  }

  // Rows: j and k choose, Enter opens.
  let chosen = -1;
  const rows = () => [...document.querySelectorAll("main tbody tr[data-row]")];
  const choose = (wanted, scroll = true) => {
    const all = rows();
    all.forEach((row) => row.classList.remove("chosen"));
    if (wanted < 0 || !all.length) return;
    chosen = Math.min(wanted, all.length - 1);
    const row = all[chosen];
    row.classList.add("chosen");
    if (scroll) {
      row.scrollIntoView({ block: "nearest" });
      const link = row.querySelector("a");
      if (link) link.focus({ preventScroll: true });
    }
  };
  const help = document.getElementById("keys");
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing()) {
      if (event.key === "Escape") document.activeElement.blur();
      return;
    }
    const filter = document.querySelector("main form.filter input:not([type=hidden])");
    const acts = {
      j: () => choose(chosen + 1),
      k: () => choose(Math.max(0, chosen - 1)),
      r: refresh,
      "/": () => filter && filter.focus(),
      "?": () => help && (help.open ? help.close() : help.showModal()),
    };
    if (acts[event.key]) {
      event.preventDefault();
      acts[event.key]();
    }
  });

  // All letters of the page at once.
  addEventListener("change", (event) => {
    if (event.target.id !== "all") return;
    document.querySelectorAll("main input[name=id]").forEach((one) => { one.checked = event.target.checked; });
  });
})();
