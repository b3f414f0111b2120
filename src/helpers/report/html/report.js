"use strict";
// What the page can do beyond showing itself: sort a table, say where one is. Without it every table is a plain one.
(() => {
  const said = document.getElementById("said");
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true, sensitivity: "base" });
  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  const read = (row, place) => {
    const cell = row.cells[place], key = cell.dataset.sort;
    return key === undefined ? { text: cell.textContent } : key === "" ? null : { number: Number(key) };
  };

  // Blanks and marks come last, whichever way the others go; equals keep the order they were printed in.
  const sorted = (rows, place, way) => {
    const sign = way === "descending" ? -1 : 1;
    const keyed = rows.map((row) => ({ row, key: read(row, place) }));
    const compare = (a, b) => "number" in a && "number" in b ? a.number - b.number : collator.compare(a.text, b.text);
    keyed.sort((a, b) => a.key && b.key ? sign * compare(a.key, b.key) : !a.key - !b.key);
    return keyed.map(({ row }) => row);
  };

  const prepare = (table) => {
    const groups = [...table.tBodies].map((body) => ({ body, rows: [...body.rows].filter((row) => row.cells.length > 1) }));
    const heads = [...table.querySelectorAll("thead th[data-sort]")];
    if (!groups.some(({ rows }) => rows.length > 1)) return;
    const sort = (head) => {
      const way = NEXT[head.getAttribute("aria-sort") || "none"];
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      if (way !== "none") head.setAttribute("aria-sort", way);
      // Each group is sorted by itself: its heading row stays first.
      groups.forEach(({ body, rows }) => body.append(...(way === "none" ? rows : sorted(rows, head.cellIndex, way))));
      said.textContent = document.body.dataset[way].replace("{column}", () => head.textContent.trim());
    };
    heads.forEach((head) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(head));
    });
  };
  document.querySelectorAll("main table").forEach(prepare);

  // A part that has nowhere to move needs no stop of the tab key.
  const measure = new ResizeObserver((seen) => seen.forEach(({ target }) => {
    target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
  }));
  document.querySelectorAll(".frame").forEach((frame) => measure.observe(frame));

  // The part that is being read, in the line on top, as on the pages of the PDF.
  const here = document.querySelector(".here"), parts = [...document.querySelectorAll("main > section")];
  const tell = () => {
    const line = document.querySelector(".top").getBoundingClientRect().bottom + 8;
    const part = parts.filter((one) => one.getBoundingClientRect().top <= line).pop();
    const heading = part && part.querySelector("h2");
    here.textContent = heading ? (heading.querySelector("small") || heading).textContent : "";
  };
  let waits = false;
  const later = () => {
    if (!waits) requestAnimationFrame(() => { waits = false; tell(); });
    waits = true;
  };
  addEventListener("scroll", later, { passive: true });
  tell();
})();
