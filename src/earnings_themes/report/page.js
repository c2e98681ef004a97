"use strict";
/* The page is complete without this: it filters, cuts long lists, and opens what a link leads to. */

const $ = (id) => document.getElementById(id);
const all = (selector) => [...document.querySelectorAll(selector)];
const FIRMS = 20;
const themes = all("[data-theme]");
const broad = all("[data-broad]");
const firms = all("[data-firm]");
const spoken = new Map(firms.map((part) => [part, new Set(part.dataset.themes.split(" "))]));
/* What a part says itself: the names of its nearest themes would make a search find those as well. */
const said = (part) => part.textContent.replace(part.querySelector(".nearest")?.textContent ?? "", "").toLowerCase();
const texts = new Map([...themes, ...firms].map((part) => [part, said(part)]));
let everyFirm = false;

function apply() {
  const words = $("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  const theme = $("pick-theme").value;
  const firm = $("pick-firm").value;
  const filtered = words.length > 0 || theme !== "" || firm !== "";
  const has = (part) => words.every((word) => texts.get(part).includes(word));
  const ofFirm = firm === "" ? null : spoken.get($("firm-" + firm));
  let nThemes = 0;
  for (const part of themes) {
    const wanted = has(part) && (theme === "" || part.dataset.theme === theme) && (!ofFirm || ofFirm.has(part.dataset.theme));
    part.hidden = !wanted;
    nThemes += wanted;
  }
  for (const part of broad) {
    part.hidden = !part.querySelector("[data-theme]:not([hidden])");
    if (filtered) part.open = true;
  }
  const matching = firms.filter((part) => has(part) && (firm === "" || part.dataset.firm === firm) && (theme === "" || spoken.get(part).has(theme)));
  const shown = new Set(everyFirm ? matching : matching.slice(0, FIRMS));
  for (const part of firms) part.hidden = !shown.has(part);
  $("more-firms").hidden = shown.size === matching.length;
  $("more-firms").textContent = `Show all ${matching.length.toLocaleString("en")} firms`;
  for (const [id, n] of [["no-theme", nThemes], ["no-firm", matching.length]]) if ($(id)) $(id).hidden = n > 0;
  $("matches").textContent = `${nThemes} of ${themes.length} themes, ${matching.length} of ${firms.length} firms`;
}

function reveal(id) {
  const part = $(id);
  if (!part) return;
  for (let node = part; node; node = node.parentElement) {
    node.hidden = false;
    if (node.tagName === "DETAILS") node.open = true;
  }
  part.scrollIntoView();
  part.querySelector("summary")?.focus({ preventScroll: true });
}

let waiting = 0;
$("words").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 150); });
for (const id of ["pick-theme", "pick-firm"]) $(id).addEventListener("change", apply);
$("filter").addEventListener("reset", () => setTimeout(apply));
$("filter").addEventListener("submit", (event) => { event.preventDefault(); apply(); });
$("more-firms").addEventListener("click", () => { everyFirm = true; apply(); });
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#theme-"], a[href^="#firm-"]');
  if (link) setTimeout(() => reveal(link.hash.slice(1)));
});

/* Paper cannot be opened: the broad themes are printed with the names of their themes. */
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = broad.filter((part) => !part.open);
  for (const part of closed) part.open = true;
});
window.addEventListener("afterprint", () => { for (const part of closed) part.open = false; });

apply();
if (/^#(theme|firm)-/.test(location.hash)) reveal(location.hash.slice(1));
document.documentElement.dataset.ready = "yes";
