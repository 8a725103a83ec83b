"use strict";
(function () {
  var ja = document.getElementById("lang-ja"), en = document.getElementById("lang-en");
  function told() { try { return localStorage.getItem("sekisho-lang"); } catch (e) { return null; } }
  function apply() { document.documentElement.lang = en.checked ? "en" : "ja"; }
  var want = told() || (/^ja/i.test(navigator.language || "ja") ? "ja" : "en");
  var asked = /[?&]lang=(ja|en)/.exec(location.search);
  if (asked) want = asked[1];
  (want === "en" ? en : ja).checked = true;
  apply();
  [ja, en].forEach(function (r) {
    r.addEventListener("change", function () {
      apply();
      try { localStorage.setItem("sekisho-lang", r.value); } catch (e) { /* a file may not keep it */ }
    });
  });

  function key(row, column) {
    var cell = row.cells[column];
    if (!cell) return "";
    var v = cell.getAttribute("data-v");
    return v !== null ? Number(v) : cell.textContent.trim();
  }
  function sort(table, column, th) {
    var down = th.getAttribute("aria-sort") === "ascending";
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (o) { o.removeAttribute("aria-sort"); });
    th.setAttribute("aria-sort", down ? "descending" : "ascending");
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (r, i) { return { r: r, i: i, k: key(r, column) }; });
    rows.sort(function (a, b) {
      var c = typeof a.k === "number" && typeof b.k === "number" ? a.k - b.k : String(a.k).localeCompare(String(b.k));
      return (down ? -c : c) || a.i - b.i;
    });
    rows.forEach(function (x) { body.appendChild(x.r); });
  }
  Array.prototype.forEach.call(document.querySelectorAll("table.sort"), function (table) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (th, column) {
      var b = document.createElement("button");
      b.type = "button";
      while (th.firstChild) b.appendChild(th.firstChild);
      th.appendChild(b);
      b.addEventListener("click", function () { sort(table, column, th); });
    });
    if (table.tBodies[0].rows.length < 8) return;
    var input = document.createElement("input");
    input.type = "search";
    input.className = "filter";
    input.placeholder = document.body.getAttribute("data-filter");
    input.setAttribute("aria-label", input.placeholder);
    table.parentNode.parentNode.insertBefore(input, table.parentNode);
    input.addEventListener("input", function () {
      var q = input.value.toLowerCase();
      Array.prototype.forEach.call(table.tBodies[0].rows, function (r) {
        r.hidden = q !== "" && r.textContent.toLowerCase().indexOf(q) < 0;
      });
    });
  });

  function reveal() {
    var e = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!e) return;
    for (var p = e; p; p = p.parentNode) if (p.tagName === "DETAILS") p.open = true;
    e.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  reveal();
})();
