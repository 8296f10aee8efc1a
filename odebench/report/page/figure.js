// A plot with all that belongs to it: legend of buttons, zoom, caption, its data as a table and as CSV.
// The colours are Okabe and Ito's, told apart by colour-blind eyes; shapes tell them apart without colour.
const COLOURS = {
  light: ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B87F00", "#2A9BD6", "#000000", "#777777"],
  dark: ["#56A8E0", "#FF8A3D", "#2FC79B", "#E5A0C6", "#F0B93A", "#8AD0F7", "#FFFFFF", "#AAAAAA"],
};
const SHAPES = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down"];
const DASHES = ["solid", "dash", "dot", "dashdot"];
const PATHS = {
  circle: "M8 3a5 5 0 1 0 .01 0z", square: "M3.5 3.5h9v9h-9z", diamond: "M8 2l6 6-6 6-6-6z", "triangle-up": "M8 2l6.5 11h-13z",
  "triangle-down": "M8 14l6.5-11h-13z", cross: "M6 2h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
  x: "M3 5l2-2 3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3z", star: "M8 1l2 5h5l-4 3.5 1.5 5.5-4.500-3-4.500 3 1.500-5.500-4-3.500h5z",
};
const MOST_SHOWN = 12; // series shown at first
const MOST_ROWS = 200; // of a plot's data as a table
const PRINTED = 680; // pixels: A4 within its margins, of which a browser says nothing before it prints
const FIGURES = [];

const isDark = () => {
  const set = document.documentElement.dataset.theme;
  return !printing && (set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
};
let printing = false;
const colour = (k) => COLOURS[isDark() ? "dark" : "light"][k % 8];
const shape = (k) => SHAPES[(k + Math.floor(k / 8)) % 8];
const dash = (k) => DASHES[Math.floor(k / 8) % 4];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const QUIET = 500; // ms without a key or a click after which the page may stand still for plotly's start
let touched = performance.now();
for (const event of ["keydown", "pointerdown", "input"]) addEventListener(event, () => { touched = performance.now(); }, { capture: true, passive: true });

function whenQuiet(act) {
  const left = window.Plotly ? 0 : touched + QUIET - performance.now();
  if (left > 0) setTimeout(() => whenQuiet(act), left);
  else if (window.requestIdleCallback) requestIdleCallback(act);
  else setTimeout(act); // Safari
}

/** Plotly takes long to start: it lies in the page as text until the first plot is looked at. */
function loadPlotly() {
  if (!window.Plotly) document.head.append(el("script", {}, document.getElementById("plotly").textContent));
}

/** `make()` returns {series, x, y, caption, rows, file}; it is called again by `redraw`. */
class Figure {
  constructor({ title, controls = [], make }) {
    this.make = make;
    this.hidden = new Map(); // what the reader has switched, by the series' name
    this.plot = el("div", { class: "plot", role: "group" });
    this.legend = el("ul", { class: "legend", "aria-label": `Series of: ${title}` });
    this.caption = el("figcaption", { "aria-live": "polite" });
    this.table = el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `Data of: ${title}` });
    this.details = el("details", { ontoggle: () => this.fill() }, el("summary", {}, "The data as a table"), this.table);
    const tool = (text, act) => el("button", { type: "button", onclick: act }, text);
    this.tools = el("div", { class: "tools" },
      tool("Zoom in", () => this.zoom(0.5)), tool("Zoom out", () => this.zoom(2)), tool("Whole plot", () => this.zoom(0)),
      tool("All series", () => this.show(true)), tool("No series", () => this.show(false)),
      tool("Download the data (CSV)", () => save(`${this.made.file}.csv`, csv(this.made.rows))));
    this.title = title;
    this.element = el("figure", {}, el("h4", {}, title), el("div", { class: "controls" }, controls), this.plot, this.legend,
      this.tools, this.caption, this.details);
    this.drawn = false;
    FIGURES.push(this);
    new IntersectionObserver((seen) => seen.some((s) => s.isIntersecting) && this.drawSoon(), { rootMargin: "200px" }).observe(this.element);
    this.prepare();
  }

  /** Drawn when neither the browser nor the reader does anything else. */
  drawSoon() {
    whenQuiet(() => !this.drawn && FIGURES.includes(this) && this.redraw());
  }

  /** Everything but the plot itself: it is drawn when it comes into view. */
  prepare() {
    this.made = this.make();
    const own = (s) => !s.fixed && !s.follows;
    const toggled = this.made.series.filter(own);
    toggled.forEach((s, k) => { if (!this.hidden.has(s.name)) this.hidden.set(s.name, k >= MOST_SHOWN); });
    this.caption.replaceChildren(...this.made.caption.map((sentence) => el("p", {}, sentence)));
    if (toggled.length > MOST_SHOWN)
      this.caption.append(el("p", { class: "quiet" }, `${MOST_SHOWN} of ${toggled.length} series are shown at first; the buttons above show the others.`));
    this.plot.setAttribute("aria-label", `${this.title}. ${this.made.caption.join(" ")}`);
    this.legend.replaceChildren(...toggled.map((s) => el("li", {}, this.button(s))));
    this.fill();
  }

  button(series) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", PATHS[series.shape || shape(series.colour)]);
    path.setAttribute("fill", colour(series.colour));
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("viewBox", "0 0 16 16");
    picture.setAttribute("aria-hidden", "true");
    picture.append(path);
    const made = el("button", { type: "button", "aria-pressed": String(!this.hidden.get(series.name)), onclick: () => {
      this.hidden.set(series.name, !this.hidden.get(series.name));
      made.setAttribute("aria-pressed", String(!this.hidden.get(series.name)));
      this.redraw(false);
    } }, picture, series.name);
    return made;
  }

  show(all) {
    for (const name of this.hidden.keys()) this.hidden.set(name, !all);
    for (const button of this.legend.querySelectorAll("button")) button.setAttribute("aria-pressed", String(all));
    this.redraw(false);
  }

  /** Anew, or only with what is shown; anew it may `keep` what was zoomed to. */
  redraw(anew = true, keep = false) {
    loadPlotly();
    if (anew) this.prepare();
    this.drawn = true;
    const { series, x, y } = this.made, text = css("--text"), line = css("--line");
    const axis = (a) => ({ title: { text: plain(a.title) }, type: a.log ? "log" : "linear", gridcolor: line, linecolor: text, zeroline: false,
      exponentformat: "power", automargin: true, ...(a.range ? { range: a.range } : {}), ...(a.log ? { dtick: undefined, nticks: this.plot.clientWidth < 500 ? 4 : 8 } : {}) });
    const traces = series.map((s) => ({
      type: "scatter", mode: s.mode || "lines+markers", name: plain(s.name), x: s.x, y: s.y, text: s.text ? s.text.map((t) => t.split("\n").map(plain).join("<br>")) : undefined,
      hoverinfo: s.text ? "text" : "skip", visible: s.fixed || !this.hidden.get(s.name),
      opacity: s.faint ? 0.5 : 1, error_x: s.spread?.x, error_y: s.spread?.y, line: { color: s.ink || colour(s.colour), width: s.width || 1.5, dash: s.dash || dash(s.colour), shape: s.line },
      marker: { color: s.ink || colour(s.colour), size: 8, symbol: s.symbols || s.shape || shape(s.colour), maxdisplayed: s.sparse ? 12 : 0 },
    }));
    const layout = { showlegend: false, margin: { l: 60, r: 15, t: 10, b: 50 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: text, family: "system-ui, sans-serif", size: 13 }, xaxis: axis(x), yaxis: axis(y), hovermode: "closest",
      hoverlabel: { align: "left", bgcolor: css("--box"), font: { color: text } }, dragmode: "zoom",
      ...(printing ? { width: PRINTED } : {}), uirevision: anew && !keep ? Math.random() : this.revision };
    this.revision = layout.uirevision;
    const config = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
      toImageButtonOptions: { format: "svg", filename: this.made.file } };
    const back = !printing && this.plot._fullLayout?.width === PRINTED && this.plot.clientWidth !== PRINTED;
    Plotly.react(this.plot, traces, layout, config);
    if (back) Plotly.Plots.resize(this.plot); // it keeps the width that it had on paper
  }

  zoom(factor) {
    if (!this.drawn) this.redraw();
    if (!factor) return Plotly.relayout(this.plot, { "xaxis.autorange": true, "yaxis.autorange": true });
    const ranges = {};
    for (const name of ["xaxis", "yaxis"]) {
      const [a, b] = this.plot._fullLayout[name].range, half = ((b - a) * factor) / 2;
      ranges[`${name}.range`] = [(a + b) / 2 - half, (a + b) / 2 + half];
    }
    return Plotly.relayout(this.plot, ranges);
  }

  fill() {
    if (!this.details.open) return;
    const [head, ...rows] = this.made.rows;
    this.table.replaceChildren(
      el("table", {}, el("caption", {}, rows.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${rows.length} rows; the CSV has all.` : `${rows.length} rows`),
        el("thead", {}, el("tr", {}, head.map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, rows.slice(0, MOST_ROWS).map((row) => el("tr", {}, row.map((v) => el("td", {}, v === null ? "" : String(v))))))));
  }
}

/** The figures in there are to be replaced. */
function forget(body) {
  for (let i = FIGURES.length - 1; i >= 0; i--) {
    if (!body.contains(FIGURES[i].element)) continue;
    if (FIGURES[i].drawn) Plotly.purge(FIGURES[i].plot);
    FIGURES.splice(i, 1);
  }
}

function redrawAll() {
  for (const figure of FIGURES) figure.drawn ? figure.redraw() : figure.prepare();
}
