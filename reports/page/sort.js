// Tables whose columns can be sorted: the head of each column becomes a button, the first press sorts numbers from the largest,
// texts from A; the next one turns the order round. Empty cells stay last.
(() => {
  "use strict";
  const number = text => { const found = /^[-+]?\d[\d.]*/.exec(text.replace(/^\D*?(?=[-+]?\d)/, "")); return found ? parseFloat(found[0]) : NaN; };
  for (const table of document.querySelectorAll("table")) {
    const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
    if (body.rows.length < 2) continue;
    heads.forEach((head, column) => {
      const cell = row => row.cells[column].textContent.trim();
      const filled = [...body.rows].map(cell).filter(text => text);
      const numeric = column > 0 && filled.length > 0 && filled.every(text => /^[-+]?\d/.test(text) && !isNaN(number(text)));
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.onclick = () => {
        const down = head.ariaSort ? head.ariaSort === "ascending" : numeric;
        heads.forEach(other => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const order = (a, b) => numeric ? number(a) - number(b) : a.localeCompare(b, "en", { numeric: true });
        const rows = [...body.rows].sort((x, y) => {
          const a = cell(x), b = cell(y);
          if (!a || !b) return (a ? 0 : 1) - (b ? 0 : 1);
          return down ? order(b, a) : order(a, b);
        });
        body.append(...rows);
      };
    });
  }
})();
