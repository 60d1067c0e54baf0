// Filters the list of scenarios. Without it the page shows everything, which is right as well.
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const scenarios = all("details.scenario");
  const toggles = all("button[data-status]");
  const search = byId("search");
  const arrowFilter = byId("arrow-filter");
  let arrow = "";

  function update() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const on = new Set(
      toggles.filter((t) => t.getAttribute("aria-pressed") === "true").map((t) => t.dataset.status)
    );
    let visible = 0;
    for (const scenario of scenarios) {
      const text = " " + scenario.dataset.search + " ";
      const fits =
        on.has(scenario.dataset.status) &&
        (!arrow || scenario.dataset.arrows.includes(" " + arrow + " ")) &&
        words.every((word) => text.includes(word));
      scenario.hidden = !fits;
      visible += fits ? 1 : 0;
    }
    byId("count").textContent =
      visible === scenarios.length ? `${visible} shown` : `${visible} of ${scenarios.length} shown`;
    byId("nothing").hidden = visible > 0 || scenarios.length === 0;
    arrowFilter.hidden = !arrow;
    byId("unfold").textContent = anyClosed() ? "Open all" : "Close all";
  }

  function anyClosed() {
    return scenarios.some((scenario) => !scenario.hidden && !scenario.open);
  }

  function show(start) {
    start();
    update();
    byId("scenarios").scrollIntoView();
    (arrow ? arrowFilter : search).focus({ preventScroll: true });
  }

  function reset() {
    toggles.forEach((t) => t.setAttribute("aria-pressed", "true"));
    search.value = "";
    arrow = "";
  }

  toggles.forEach((toggle) =>
    toggle.addEventListener("click", () => {
      toggle.setAttribute("aria-pressed", String(toggle.getAttribute("aria-pressed") !== "true"));
      update();
    })
  );
  all("button[data-arrow]").forEach((button) => {
    button.disabled = false;
    button.addEventListener("click", () =>
      show(() => {
        reset();
        arrow = button.dataset.arrow;
        arrowFilter.textContent = button.dataset.label + "  ×";
        arrowFilter.setAttribute("aria-label", "Remove the filter " + button.dataset.label);
      })
    );
  });
  all("button[data-find]").forEach((button) => {
    button.disabled = false;
    button.addEventListener("click", () =>
      show(() => {
        reset();
        search.value = button.dataset.find;
      })
    );
  });
  arrowFilter.addEventListener("click", () => {
    arrow = "";
    update();
    search.focus();
  });
  byId("reset").addEventListener("click", () => show(reset));
  byId("unfold").addEventListener("click", () => {
    const open = anyClosed();
    scenarios.forEach((scenario) => {
      if (!scenario.hidden) scenario.open = open;
    });
    update();
  });
  search.addEventListener("input", update);
  byId("toolbar").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("toggle", (event) => {
    if (event.target.matches("details.scenario")) update();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea")) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      update();
    }
  });
  byId("toolbar").hidden = false;
  update();
})();
