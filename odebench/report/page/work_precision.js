// Any statistic of a problem's cases against any other; at first the error against the time, with the front.
const MOST_POINTS = 3000;
const AXES = { x: TIME, y: ERROR };

/** Rows that nobody beats in both of x and y, from left to right. */
function front(rows, x, y) {
  const best = [];
  for (const row of [...rows].sort((a, b) => x(a) - x(b) || y(a) - y(b)))
    if (!best.length || y(row) < y(best[best.length - 1])) best.push(row);
  return best;
}

function aboutCase(row) {
  const lines = [word("label", row), ...marksOf(row).length ? [marksOf(row).join(", ")] : []];
  for (const { key, title, kind } of DATA.columns.slice(0, 12))
    if (value(key, row) !== null) lines.push(`${title}: ${key.startsWith("max_abs") && marked(row, "at reference floor") ? "≤ " : ""}${written(value(key, row), kind)}`);
  return lines;
}

function workPrecision(problem, rows, sentences) {
  if (!rows.some((r) => Number.isFinite(value(AXES.x, r)) && Number.isFinite(value(AXES.y, r))))
    return missing(...sentences, "No case has an error and a time that are known: there is nothing to draw.");
  const axes = { ...AXES };
  const options = DATA.columns.map((c) => [c.key, c.title]);
  const figure = new Figure({
    title: "Work and precision",
    controls: [
      choice("across", options, axes.x, (key) => { axes.x = key; figure.redraw(); }),
      choice("up", options, axes.y, (key) => { axes.y = key; figure.redraw(); }),
    ],
    make: () => {
      const [cx, cy] = [COLUMN.get(axes.x), COLUMN.get(axes.y)];
      const [x, y] = [(r) => value(axes.x, r), (r) => value(axes.y, r)];
      const finite = rows.filter((r) => Number.isFinite(x(r)) && Number.isFinite(y(r)));
      const log = (v) => finite.some((r) => v(r) > 0) && finite.filter((r) => v(r) <= 0).length <= finite.length / 2;
      const [logX, logY] = [log(x) && axes.x !== "significant_digits_median", log(y) && axes.y !== "significant_digits_median"];
      const points = finite.filter((r) => (!logX || x(r) > 0) && (!logY || y(r) > 0));
      const step = Math.ceil(points.length / MOST_POINTS);
      const curves = new Map();
      points.forEach((r, k) => {
        const name = word("curve", r) + (marked(r, "oracle") ? " (oracle)" : "");
        if (!curves.has(name)) curves.set(name, []);
        if (k % step === 0 || marked(r, "front")) curves.get(name).push(r);
      });
      const default_ = axes.x === AXES.x && axes.y === AXES.y;
      const series = [...curves].map(([name, cases]) => {
        cases.sort((a, b) => CASES.rung[a] - CASES.rung[b]);
        return {
          name, colour: curveNumber.get(word("curve", cases[0])), x: cases.map(x), y: cases.map(y), faint: marked(cases[0], "oracle"),
          mode: cases.length > 1 ? "lines+markers" : "markers", text: cases.map((r) => aboutCase(r)).map((lines) => lines.join("\n")),
          symbols: cases.map((r) => shape(curveNumber.get(word("curve", r))) + (marked(r, "at reference floor") ? "-open" : "") + (marked(r, "unstable") ? "-dot" : "")),
          spread: { x: axes.x === TIME ? spread(cases) : undefined, y: axes.y === TIME ? spread(cases) : undefined },
        };
      });
      series.sort((a, b) => (a.faint || 0) - (b.faint || 0));
      const ranked = points.filter((r) => word("status", r) === "ok" && !marked(r, "oracle") && (!default_ || marked(r, "front")));
      const caption = default_ ? [...sentences, "Lower is more accurate, further left is faster."] : [`${cy.title} against ${cx.title} of ${points.length} cases.`];
      if (cx.less_is_better && cy.less_is_better && axes.x !== axes.y && ranked.length) {
        const best = front(ranked, x, y);
        series.unshift({ name: "front", fixed: true, ink: css("--quiet"), mode: "lines", width: 5, dash: "solid", line: "hv", faint: true, x: best.map(x), y: best.map(y) });
        caption.push(`The broad grey line is the front: left of it and below it is nobody. On it: ${names(ranked.filter((r) => best.some((b) => x(b) === x(r) && y(b) === y(r))))}.`);
      }
      if (default_ && DATA.part && !ranked.length) caption.push("No case here is on the front among all.");
      if (!default_ && DATA.part) caption.push("That is among the cases on this page.");
      if (points.length < rows.length) caption.push(`${rows.length - points.length} of ${rows.length} cases have no point here: not solved, or without these numbers.`);
      if (step > 1) caption.push(`Of ${points.length} points one in ${step} is drawn; the table and the CSV have all.`);
      caption.push(...keyOf(points));
      return {
        series, caption, x: { title: label(cx), log: logX }, y: { title: label(cy), log: logY }, file: `${problem}-${axes.y}-against-${axes.x}`,
        rows: [["problem", "solver", "status", axes.x, axes.y, "marks"], ...rows.map((r) => [problem, word("label", r), word("status", r), x(r), y(r), marksOf(r).join("; ")])],
      };
    },
  });
  return figure.element;
}

/** What the signs of these cases' points mean, as a sentence. */
function keyOf(rows) {
  const found = new Set(rows.flatMap(marksOf));
  const key = [found.has("at reference floor") && "hollow: as accurate as the reference, or more", found.has("unstable") && "dotted: its times scatter",
    found.has("oracle") && "faint: an oracle, which is told the solution and not ranked"].filter(Boolean);
  return key.length ? [`${key.join("; ")}.`.replace(/^./, (c) => c.toUpperCase())] : [];
}

function label(column) {
  return column.title + ({ s: " in s", mb: " in MiB" }[column.kind] || "");
}

function names(rows) {
  const distinct = [...new Set(rows.map((r) => word("curve", r)))];
  return distinct.slice(0, 6).join(", ") + (distinct.length > 6 ? ` and ${distinct.length - 6} more` : "");
}

function spread(rows) {
  const over = (key, sign) => rows.map((r) => (value(key, r) === null ? 0 : Math.max(0, sign * (value(key, r) - value(TIME, r)))));
  return { type: "data", symmetric: false, array: over("wall_s_ci_high", 1), arrayminus: over("wall_s_ci_low", -1), thickness: 1, width: 3 };
}
