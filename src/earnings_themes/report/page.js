"use strict";
/* Text of the transcripts reaches the page through textContent, and Plotly through plain(): never as HTML. */

const $ = (id) => document.getElementById(id);
const NARROW = 640;
const BARS = 20;
const PARTS = 20;
const FIRM_BARS = 12;
/* A sheet of A4 within its margins, in CSS pixels. */
const PAPER = 680;
const narrow = () => window.innerWidth < NARROW;
const filter = { words: "", theme: null, firm: null };
const expanded = { ranking: false, themes: false, firms: false };
let data = null;
let shown = null;
let printing = false;

function element(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  if (text !== null) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

async function inflate(id) {
  const bytes = Uint8Array.from(atob($(id).textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/* Plotly reads a few HTML tags in its labels; a transcript's are shown as they are written. */
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const cut = (text, length) => ([...text].length > length ? [...text].slice(0, length - 1).join("") + "…" : text);
const percent = (value) => (100 * value).toFixed(1) + " %";
const share = (firm, theme) => (firm.n ? (firm.themes[theme] || 0) / firm.n : 0);
const themesOf = (firm) => Object.keys(firm.themes).map(Number).sort((a, b) => firm.themes[b] - firm.themes[a] || a - b);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

/* --- what matches the filter --- */

function prepare() {
  for (const theme of data.themes) theme.text = theme.text.toLowerCase();
  data.topics = data.topics.map(([firm, theme, id, label, keywords, sentence, kind, size, stability, x, y], number) => ({
    number, firm, theme, id, label, keywords, sentence, kind, size, stability, x, y,
    text: `${label} ${keywords} ${sentence}`.toLowerCase(),
  }));
  for (const firm of data.firms) {
    firm.text = `${firm.name} ${firm.id}`.toLowerCase();
    firm.topics = [];
  }
  for (const topic of data.topics) data.firms[topic.firm].topics.push(topic);
}

function match() {
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text) => words.every((word) => text.includes(word));
  const { theme: oneTheme, firm: oneFirm } = filter;
  const topics = data.topics.filter(
    (topic) =>
      (oneTheme === null || topic.theme === oneTheme) &&
      (oneFirm === null || topic.firm === oneFirm) &&
      (!words.length || has(topic.text) || has(data.firms[topic.firm].text)),
  );
  const saying = new Set(topics.map((topic) => topic.firm));
  return {
    words,
    topics,
    themes: data.themes
      .filter((theme, number) => (oneTheme === null || number === oneTheme) && has(theme.text))
      .filter((theme) => oneFirm === null || data.firms[oneFirm].themes[theme.number]),
    firms: data.firms.filter(
      (firm) =>
        (oneFirm === null || firm.number === oneFirm) &&
        (oneTheme === null || firm.themes[oneTheme]) &&
        (!words.length || has(firm.text) || saying.has(firm.number)),
    ),
  };
}

function show(kind, items) {
  const numbers = new Set(items.map((item) => item.number));
  const limit = expanded[kind + "s"] ? Infinity : PARTS;
  for (const list of document.querySelectorAll(`[data-list="${kind}"]`)) {
    let count = 0;
    for (const part of list.children) {
      const wanted = numbers.has(Number(part.dataset[kind]));
      part.hidden = !wanted || count >= limit;
      count += wanted;
    }
  }
  for (const button of document.querySelectorAll(`[data-more="${kind}s"]`)) {
    button.hidden = items.length <= limit;
    button.textContent = `Show all ${items.length.toLocaleString("en")} ${kind}s`;
  }
  if ($("no-" + kind)) $("no-" + kind).hidden = items.length > 0;
}

function apply() {
  shown = match();
  show("theme", shown.themes);
  show("firm", shown.firms);
  const of = (some, all, name) => `${some.length.toLocaleString("en")} of ${all.length.toLocaleString("en")} ${name}`;
  $("matches").textContent = [
    of(shown.themes, data.themes, "themes"), of(shown.firms, data.firms, "firms"), of(shown.topics, data.topics, "topics"),
  ].join(", ");
  for (const chart of charts) chart.stale = true;
  draw();
}

/* --- charts: drawn when they come into view, again when the filter or the colours change --- */

const charts = [
  { id: "chart-ranking", make: ranking },
  { id: "chart-who", make: heatMap },
  { id: "chart-map", make: topicMap },
];

function draw(everything = false) {
  if (!window.Plotly || !shown) return;
  for (const chart of charts) {
    if (!chart.stale || !(chart.near || everything)) continue;
    chart.stale = false;
    const node = $(chart.id);
    const { traces, layout } = chart.make(node);
    const size = printing ? { width: PAPER } : {};
    window.Plotly.react(node, traces, { ...base(), ...layout, ...size }, { displayModeBar: false, responsive: !printing });
    node.style.minHeight = layout.height + "px";
    if (!chart.listens) {
      chart.listens = true;
      node.on("plotly_click", (event) => chart.choose?.(event.points[0]));
    }
  }
}

function base() {
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: color("ink"), family: "system-ui, sans-serif", size: 13 },
    hoverlabel: { bgcolor: color("raised"), bordercolor: color("line"), font: { color: color("ink") }, align: "left" },
    dragmode: false, showlegend: false,
  };
}

/* Ticks that nobody sees keep a label off its bar. */
const labelled = { ticks: "outside", ticklen: 5, tickcolor: "rgba(0,0,0,0)" };
const axis = (more = {}) => ({ gridcolor: color("line"), zeroline: false, fixedrange: true, automargin: false, ...more });
const empty = (text) => ({
  traces: [],
  layout: {
    height: 120, xaxis: { visible: false }, yaxis: { visible: false },
    annotations: [{ text, showarrow: false, font: { size: 15, color: color("soft") } }],
  },
});

function ranking() {
  const all = shown.themes;
  const themes = expanded.ranking ? all : all.slice(0, BARS);
  $("more-ranking").hidden = themes.length === all.length;
  $("more-ranking").textContent = `Show all ${all.length} themes`;
  if (!themes.length) return empty("No theme to show");
  const small = narrow();
  const rows = themes.map((_, row) => row);
  const bars = (values, xaxis, text) => ({
    type: "bar", orientation: "h", y: rows, x: values, xaxis, text, textposition: "auto", cliponaxis: false,
    textfont: { size: 12 }, constraintext: "none",
    marker: { color: themes.map((theme) => color(theme.kind)) },
    customdata: themes.map((theme) => [theme.number, plain(theme.label), theme.n_firms, percent(theme.share)]),
    hovertemplate: "<b>%{customdata[1]}</b><br>%{customdata[2]} firms, %{customdata[3]} of speech<extra></extra>",
  });
  return {
    traces: [
      bars(themes.map((theme) => theme.n_firms), "x", themes.map((theme) => theme.n_firms)),
      bars(themes.map((theme) => 100 * theme.share), "x2", themes.map((theme) => percent(theme.share))),
    ],
    layout: {
      height: 70 + 26 * themes.length,
      margin: { l: small ? 170 : 260, r: small ? 40 : 60, t: 30, b: 10 },
      bargap: 0.25,
      xaxis: axis({ domain: [0, 0.46], showticklabels: false, showgrid: false, title: { text: "Firms" }, side: "top" }),
      xaxis2: axis({ domain: [0.54, 1], showticklabels: false, showgrid: false, title: { text: small ? "Speech" : "Share of all speech" }, side: "top" }),
      yaxis: axis({
        ...labelled, autorange: "reversed", tickmode: "array", tickvals: rows, showgrid: false,
        ticktext: themes.map((theme) => plain(cut(theme.label, small ? 23 : 38))),
      }),
    },
  };
}
charts[0].choose = (point) => reveal("theme-" + point.customdata[0]);

let heatFirms = [];
function heatMap() {
  const small = narrow();
  const themes = [...shown.themes].sort((a, b) => b.n_firms - a.n_firms || a.number - b.number).slice(0, small ? 8 : 24);
  const most = [...shown.firms].filter((firm) => Object.keys(firm.themes).length).sort((a, b) => b.n - a.n || a.number - b.number);
  const firms = most.slice(0, small ? 25 : 40);
  if (!themes.length || !firms.length) {
    $("who-note").textContent = "";
    return empty("Nothing to show");
  }
  themes.sort((a, b) => a.number - b.number);
  const main = (firm) => {
    const values = themes.map((theme) => share(firm, theme.number));
    return values.indexOf(Math.max(...values));
  };
  firms.sort((a, b) => main(a) - main(b) || share(b, themes[main(b)].number) - share(a, themes[main(a)].number) || a.number - b.number);
  heatFirms = firms;
  const limits = [];
  if (firms.length < most.length) limits.push(`the ${firms.length} of ${most.length} firms with most sentences`);
  if (themes.length < shown.themes.length) limits.push(`the ${themes.length} of ${shown.themes.length} themes with most firms`);
  $("who-note").textContent = limits.length ? `Shown: ${limits.join(", ")}. The filter shows others.` : "";
  const cells = firms.map((firm) => themes.map((theme) => 100 * share(firm, theme.number)));
  return {
    traces: [{
      type: "heatmap", x: themes.map((_, column) => column), y: firms.map((_, row) => row), z: cells, xgap: 1, ygap: 1,
      colorscale: [[0, color("low")], [1, color("high")]], zmin: 0,
      customdata: firms.map((firm) => themes.map((theme) => [plain(firm.name), plain(theme.label), firm.themes[theme.number] || 0])),
      hovertemplate: "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{z:.1f} % of its speech, %{customdata[2]} sentences<extra></extra>",
      colorbar: { title: { text: "%" }, thickness: 10, len: Math.min(1, 220 / (20 * firms.length)), y: 1, yanchor: "top", outlinewidth: 0 },
      showscale: !small,
    }],
    layout: {
      height: 190 + 20 * firms.length,
      margin: { l: small ? 115 : 220, r: small ? 70 : 100, t: 160, b: 10 },
      xaxis: axis({
        side: "top", tickangle: -50, ticklabeloverflow: "allow", tickmode: "array", tickvals: themes.map((_, column) => column), showgrid: false,
        ticktext: themes.map((theme) => plain(cut(theme.label, small ? 18 : 26))),
      }),
      yaxis: axis({
        autorange: "reversed", tickmode: "array", tickvals: firms.map((_, row) => row), showgrid: false,
        ticktext: firms.map((firm) => plain(cut(firm.name, small ? 12 : 27))),
      }),
    },
  };
}
charts[1].choose = (point) => reveal("firm-" + heatFirms[point.y].number);

/* Okabe and Ito's colours, which colour-blind readers can tell apart, and four more. */
const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#9a7d0a", "#8a63c4", "#3a9188", "#b04a5a"];

function topicMap() {
  const small = narrow();
  const colored = [...data.themes].sort((a, b) => b.n_topics - a.n_topics || a.number - b.number).slice(0, PALETTE.length);
  if (!data.topics.length) return empty("No topics");
  const place = new Map(colored.map((theme, index) => [theme.number, index]));
  const lit = new Set(shown.topics.map((topic) => topic.number));
  const everything = lit.size === data.topics.length;
  const groups = [...colored.map((theme, index) => ({ name: theme.label, color: PALETTE[index] })),
    { name: "Other themes", color: color("procedure") }, { name: "In no theme", color: color("none") }];
  const members = groups.map(() => []);
  for (const topic of data.topics) {
    members[topic.theme < 0 ? groups.length - 1 : place.get(topic.theme) ?? groups.length - 2].push(topic);
  }
  const largest = Math.max(...data.topics.map((topic) => topic.size));
  const traces = groups.map((group, index) => ({
    type: data.topics.length > 3000 && hasWebGL() ? "scattergl" : "scatter", mode: "markers",
    name: plain(cut(group.name, small ? 34 : 28)),
    x: members[index].map((topic) => topic.x), y: members[index].map((topic) => topic.y),
    text: members[index].map(hover), customdata: members[index].map((topic) => topic.number), hovertemplate: "%{text}<extra></extra>",
    marker: {
      color: group.color, line: { width: 0 },
      size: members[index].map((topic) => 4 + 12 * Math.sqrt(topic.size / largest)),
      opacity: members[index].map((topic) => (everything ? 0.75 : lit.has(topic.number) ? 0.95 : 0.06)),
    },
  }));
  /* What is in no theme lies below the rest. */
  traces.reverse();
  return {
    traces: traces.filter((trace) => trace.x.length),
    layout: {
      height: small ? 620 : 560, margin: { l: 5, r: 5, t: 5, b: 5 }, dragmode: small ? false : "zoom", showlegend: true, hovermode: "closest",
      legend: { traceorder: "reversed", itemsizing: "constant", font: { size: 12 }, ...(small ? { orientation: "h", y: -0.02 } : {}) },
      xaxis: { visible: false, fixedrange: small }, yaxis: { visible: false, fixedrange: small },
    },
  };
}
charts[2].choose = (point) => describe(data.topics[point.customdata]);

function hover(topic) {
  const theme = topic.theme < 0 ? "in no theme" : data.themes[topic.theme].label;
  return `<b>${plain(cut(topic.label, 60))}</b><br>${plain(data.firms[topic.firm].name)}, ${topic.size} sentences<br>` +
    `Theme: ${plain(cut(theme, 60))}<br>${plain(cut(topic.keywords, 70))}`;
}

let webGL = null;
function hasWebGL() {
  webGL ??= Boolean(document.createElement("canvas").getContext("webgl"));
  return webGL;
}

function describe(topic) {
  const card = $("point");
  const firm = data.firms[topic.firm];
  const links = element("p", null);
  links.append(element("a", firm.name, { href: "#firm-" + firm.number }), `, ${topic.size} sentences. Theme: `,
    topic.theme < 0 ? "none" : element("a", data.themes[topic.theme].label, { href: "#theme-" + topic.theme }));
  card.replaceChildren(element("strong", topic.label), links, element("p", topic.keywords), element("p", `“${topic.sentence}”`, { class: "small", dir: "auto" }));
  card.hidden = false;
}

/* --- a firm's part, made when it is opened --- */

function table(caption, heads, rows, kind = "") {
  const node = element("table", null, { class: kind });
  const head = element("tr", null);
  heads.forEach(([name, kind]) => head.append(element("th", name, { scope: "col", class: kind })));
  const body = element("tbody", null);
  for (const cells of rows) {
    const row = element("tr", null);
    cells.forEach((cell, column) => {
      const box = element(column ? "td" : "th", null, column ? { class: heads[column][1], "data-head": heads[column][0] } : { scope: "row" });
      box.append(cell);
      row.append(box);
    });
    body.append(row);
  }
  node.append(element("caption", caption), element("thead", null), body);
  node.tHead.append(head);
  const around = element("div", null, { class: "scroll", tabindex: "0", role: "region", "aria-label": caption });
  around.append(node);
  return around;
}

const themeLink = (number) => (number < 0 ? "–" : element("a", data.themes[number].label || "(no label)", { href: "#theme-" + number }));

function fillFirm(part) {
  const firm = data.firms[Number(part.dataset.firm)];
  if (part.dataset.filled) return;
  part.dataset.filled = "yes";
  const themes = themesOf(firm);
  if (themes.length) {
    const chart = element("div", null, { class: "chart", role: "img", "aria-label": `Shares of speech of ${firm.name} and of the average firm; the table below has the same figures.` });
    part.append(chart);
    drawFirm(chart, firm);
    part.append(table("Its themes, against the average firm",
      [["Theme", ""], ["Sentences", "num wide"], ["Of its speech", "num"], ["Average", "num"], ["Ratio", "num"]],
      themes.map((number) => [themeLink(number), firm.themes[number], percent(share(firm, number)), percent(data.themes[number].average),
        data.themes[number].average ? (share(firm, number) / data.themes[number].average).toFixed(1) : "–"])));
  } else part.append(element("p", "None of its topics is in a theme."));
  const absent = data.themes.filter((theme) => !firm.themes[theme.number]).sort((a, b) => b.average - a.average).slice(0, 5);
  if (absent.length) {
    const line = element("p", "Not spoken of, though the average firm does: ", { class: "small" });
    absent.forEach((theme, index) => line.append(index ? ", " : "", themeLink(theme.number), ` (${percent(theme.average)})`));
    part.append(line);
  }
  part.append(table("Its topics", [["Topic", ""], ["Theme", ""], ["Sentences", "num"], ["Stability", "num"], ["Words, and the sentence that fits best", ""]],
    [...firm.topics].sort((a, b) => b.size - a.size || a.id - b.id).map((topic) => {
      const words = element("div", null);
      words.append(element("span", topic.keywords), element("div", `“${topic.sentence}”`, { class: "small", dir: "auto" }));
      return [topic.label, themeLink(topic.theme), topic.size, topic.stability === null ? "–" : topic.stability.toFixed(2), words];
    }), "stack topics"));
}

function drawFirm(node, firm) {
  if (!window.Plotly) return;
  const themes = themesOf(firm).slice(0, FIRM_BARS);
  const small = narrow();
  const rows = themes.map((_, row) => row);
  const names = themes.map((number) => plain(data.themes[number].label));
  const line = (values, more) => ({ y: rows, x: values.map((value) => 100 * value), customdata: names, ...more });
  window.Plotly.react(node, [
    line(themes.map((number) => share(firm, number)), {
      type: "bar", orientation: "h", name: plain(cut(firm.name, 30)), marker: { color: color("subject") },
      hovertemplate: "%{customdata}<br>%{x:.1f} % of its speech<extra></extra>",
    }),
    line(themes.map((number) => data.themes[number].average), {
      type: "scatter", mode: "markers", name: "Average firm", marker: { symbol: "diamond", size: 10, color: color("reporting") },
      hovertemplate: "%{customdata}<br>%{x:.1f} % on average<extra></extra>",
    }),
  ], {
    ...base(), height: 90 + 24 * themes.length, showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
    margin: { l: small ? 170 : 260, r: 20, t: 30, b: 40 }, xaxis: axis({ rangemode: "tozero", title: { text: "% of speech" } }),
    yaxis: axis({ ...labelled, autorange: "reversed", tickmode: "array", tickvals: rows, showgrid: false, ticktext: themes.map((number) => plain(cut(data.themes[number].label, small ? 23 : 38))) }),
  }, { displayModeBar: false, responsive: true });
  node.style.minHeight = "0";
}

/* --- what people do --- */

function reveal(id) {
  const part = $(id);
  if (!part) return;
  part.hidden = false;
  if (part.tagName === "DETAILS") part.open = true;
  part.scrollIntoView();
  part.querySelector("summary")?.focus({ preventScroll: true });
}

function recolor() {
  for (const chart of charts) chart.stale = true;
  draw();
  for (const part of document.querySelectorAll("#firm-parts details[data-filled]")) {
    const node = part.querySelector(".chart");
    const firm = data.firms[Number(part.dataset.firm)];
    if (node) drawFirm(node, firm);
  }
}

function listen() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const button = $("mode");
  const isDark = () => (document.documentElement.dataset.mode ?? (dark.matches ? "dark" : "light")) === "dark";
  const reflect = () => button.setAttribute("aria-pressed", String(isDark()));
  reflect();
  button.addEventListener("click", () => {
    document.documentElement.dataset.mode = isDark() ? "light" : "dark";
    reflect();
    recolor();
  });
  dark.addEventListener("change", () => { reflect(); recolor(); });

  const number = (id) => ($(id).value === "" ? null : Number($(id).value));
  let waiting = 0;
  const changed = () => {
    Object.assign(filter, { words: $("words").value, theme: number("pick-theme"), firm: number("pick-firm") });
    apply();
  };
  $("words").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(changed, 150); });
  $("pick-theme").addEventListener("change", changed);
  $("pick-firm").addEventListener("change", changed);
  $("filter").addEventListener("reset", () => setTimeout(changed));
  $("filter").addEventListener("submit", (event) => { event.preventDefault(); changed(); });
  for (const button of document.querySelectorAll("[data-more]")) {
    button.addEventListener("click", () => { expanded[button.dataset.more] = true; apply(); });
  }
  $("firm-parts")?.addEventListener("toggle", (event) => event.target.open && fillFirm(event.target), true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#theme-"], a[href^="#firm-"]');
    if (link) setTimeout(() => reveal(link.hash.slice(1)));
  });
  if (/^#(theme|firm)-/.test(location.hash)) reveal(location.hash.slice(1));

  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) charts.find((chart) => chart.id === entry.target.id).near = entry.isIntersecting;
    draw();
  }, { rootMargin: "400px" });
  for (const chart of charts) watcher.observe($(chart.id));
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if ((width < NARROW) !== narrow()) recolor();
    width = window.innerWidth;
  });

  let closed = [];
  let cutLists = {};
  window.addEventListener("beforeprint", () => {
    /* Paper has no button that shows the rest: all themes that the filter leaves are printed. */
    cutLists = { ...expanded };
    expanded.themes = true;
    printing = true;
    apply();
    closed = [...document.querySelectorAll("#glance details:not([open]), #theme-parts details:not([open]):not([hidden])")];
    for (const part of closed) part.open = true;
    document.documentElement.dataset.was = document.documentElement.dataset.mode ?? "";
    document.documentElement.dataset.mode = "light";
    for (const chart of charts) chart.stale = true;
    draw(true);
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    Object.assign(expanded, cutLists);
    for (const part of closed) part.open = false;
    const was = document.documentElement.dataset.was;
    if (was) document.documentElement.dataset.mode = was;
    else delete document.documentElement.dataset.mode;
    apply();
    recolor();
  });
}

async function start() {
  if (!window.DecompressionStream) {
    $("problem").textContent = "This browser is too old for the charts and the filter; the tables below are complete.";
    $("problem").hidden = false;
    return;
  }
  data = JSON.parse(await inflate("data"));
  prepare();
  listen();
  apply();
  const script = document.createElement("script");
  script.textContent = await inflate("plotly");
  document.head.append(script);
  draw();
  for (const part of document.querySelectorAll("#firm-parts details[open]")) fillFirm(part);
  document.documentElement.dataset.ready = "yes";
}

start();
