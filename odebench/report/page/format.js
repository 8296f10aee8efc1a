"use strict";
// Numbers in words, elements, CSV: what everything else is made of. Text is only ever set as text, never as HTML.
const DATA = JSON.parse(document.getElementById("data").textContent);
for (const values of Object.values(DATA.cases.numbers)) revive(values);

/** "inf" and "-inf", which JSON does not know, become numbers again. */
function revive(values) {
  for (let i = 0; i < values.length; i++) {
    if (values[i] === "inf") values[i] = Infinity;
    else if (values[i] === "-inf") values[i] = -Infinity;
  }
  return values;
}

function threeDigits(v) {
  return v >= 99.95 ? v.toFixed(0) : v >= 9.995 ? v.toFixed(1) : v.toFixed(2);
}

/** A statistic as the tables write it; `kind` as in columns.py. */
function written(value, kind) {
  if (value === null || value === undefined) return "";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (kind === "s") {
    if (value === 0) return "0 s";
    if (value >= 0.9995) return threeDigits(value) + " s";
    if (value >= 0.9995e-3) return threeDigits(value * 1e3) + " ms";
    return threeDigits(value * 1e6) + " µs";
  }
  if (kind === "x") return threeDigits(value) + "x";
  if (kind === "mb") return threeDigits(value) + " MiB";
  if (kind === "e") return value === 0 ? "0" : exponent(value);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

function exponent(value) {
  return value.toExponential(2).replace(/e([+-])(\d)$/, "e$10$2");
}

/** An element with attributes, listeners (`onclick`, ...) and children; strings become text. */
function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** What stands where there is nothing to draw. */
function missing(...sentences) {
  return el("div", { class: "missing" }, sentences.map((sentence) => el("p", {}, sentence)));
}

let fields = 0;

/** A form's field with its label. */
function labelled(label, field) {
  field.id = `field-${fields++}`;
  return el("div", { class: "field" }, el("label", { for: field.id }, label), field);
}

/** A labelled <select> of [value, text] pairs. */
function choice(label, options, value, changed) {
  const select = el("select", { onchange: () => changed(select.value) });
  for (const [key, text] of options) select.append(el("option", { value: key, selected: String(key) === String(value) }, text));
  return labelled(label, select);
}

/** For Plotly, which reads some HTML in text. */
function plain(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function csv(rows) {
  const cell = (v) => {
    const text = v === null || v === undefined ? "" : String(v);
    return /[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

/** Have the browser save a text as a file. */
function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = el("a", { href: address, download: name.replace(/[^\w.=-]+/g, "-") });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// The cases: a row is a number, its words and numbers stand in columns.
const CASES = DATA.cases;
const N_CASES = CASES.marks.length;
const word = (column, row) => {
  const k = CASES.words[column][row];
  return k === null ? "" : CASES.strings[k];
};
const value = (column, row) => (CASES.numbers[column] ? CASES.numbers[column][row] : null);
const marked = (row, mark) => (CASES.marks[row] >> DATA.markNames.indexOf(mark)) & 1;
const marksOf = (row) => DATA.markNames.filter((mark) => marked(row, mark));
const [TIME, ERROR] = ["wall_s_median", "max_abs_error_median"];
const COLUMN = new Map(DATA.columns.map((column) => [column.key, column]));
const CURVES = [...new Set(CASES.words.curve.map((k) => CASES.strings[k]))];
const curveNumber = new Map(CURVES.map((curve, k) => [curve, k]));
