// What all problems say of the solvers: profiles, and what each solver achieves for what it is asked.
function solversView(mount) {
  if (DATA.profiles.length) mount.append(el("h3", { class: "chosen" }, "All solvers"), profileFigure());
  const body = el("div", {});
  const draw = (curve) => { forget(body); body.replaceChildren(el("h3", { class: "chosen" }, curve), effortFigure(curve)); };
  const told = new Set(CASES.marks.flatMap((_, row) => (marked(row, "oracle") ? [word("curve", row)] : [])));
  const first = CURVES.find((c) => !told.has(c)) || CURVES[0];
  mount.append(el("div", { class: "controls" }, choice("solver", CURVES.map((c) => [c, c]), first, draw)), body);
  draw(first);
}

function profileFigure() {
  let k = Math.min(1, DATA.profiles.length - 1);
  const figure = new Figure({
    title: "Performance profile",
    controls: [choice("at an error of", DATA.profiles.map((p, i) => [i, p.level]), k, (i) => { k = Number(i); figure.redraw(); })],
    make: () => {
      const { level, curves, captions } = DATA.profiles[k];
      const last = Math.max(...Object.values(curves).flatMap((c) => c.tau)) * 1.2;
      const series = Object.entries(curves).sort(([, a], [, b]) => b.fraction[0] - a.fraction[0] || Math.max(...b.fraction) - Math.max(...a.fraction))
        .map(([name, { tau, fraction }]) => ({ name, colour: curveNumber.get(name), line: "hv", x: [...tau, last], y: [...fraction, fraction[fraction.length - 1]],
          text: [...tau, last].map((t, i) => `${name}\nwithin ${written(t, "x")} of the fastest\non ${Math.round(100 * (fraction[i] ?? fraction[fraction.length - 1]))} % of the problems`) }));
      return {
        series, x: { title: "times as long as the fastest", log: true }, y: { title: "part of the problems", range: [-0.02, 1.02] },
        caption: [...captions, "Higher is better: at 1 the part on which it is the fastest, at the right the part it solves at all. Whom it is compared with matters: for the order of two, compare these two alone."],
        file: `performance-profile-${level}`, rows: [["solver", "tau", "fraction"], ...Object.entries(curves).flatMap(([name, c]) => c.tau.map((t, i) => [name, t, c.fraction[i]]))],
      };
    },
  });
  return figure.element;
}

const EFFORTS = ["tolerance", "steps", "counted_rhs_calls", "rhs_calls", "epochs", "n_parameters", TIME];

function effortFigure(curve) {
  const rows = CASES.words.curve.map((k, row) => (CASES.strings[k] === curve ? row : -1)).filter((row) => row >= 0);
  const drawable = (key) => rows.filter((r) => [key, ERROR].every((k) => value(k, r) > 0 && Number.isFinite(value(k, r))));
  const efforts = EFFORTS.filter((key) => COLUMN.has(key) && drawable(key).length);
  if (!efforts.length) return missing(...DATA.orders[curve] || [], `No case of ${curve} has an error and an effort that are known: there is nothing to draw.`);
  let key = efforts[0];
  const figure = new Figure({
    title: `What ${curve} achieves`,
    controls: [choice("across", efforts.map((e) => [e, COLUMN.get(e).title]), key, (e) => { key = e; figure.redraw(); })],
    make: () => {
      const problems = new Map();
      for (const r of drawable(key)) {
        const name = word("problem_label", r);
        if (!problems.has(name)) problems.set(name, []);
        problems.get(name).push(r);
      }
      const x = (r) => value(key, r), y = (r) => value(ERROR, r);
      const series = [...problems].map(([name, cases], k) => {
        cases.sort((a, b) => x(a) - x(b));
        return { name, colour: k, x: cases.map(x), y: cases.map(y), mode: cases.length > 1 ? "lines+markers" : "markers", text: cases.map((r) => `${name}\n${aboutCase(r).join("\n")}`),
          symbols: cases.map((r) => shape(k) + (marked(r, "at reference floor") ? "-open" : "") + (marked(r, "unstable") ? "-dot" : "")) };
      });
      if (key === "tolerance" && series.length) {
        const all = series.flatMap((s) => s.x);
        const ends = [Math.min(...all), Math.max(...all)];
        series.unshift({ name: "asked for", fixed: true, ink: css("--quiet"), mode: "lines", width: 5, dash: "solid", faint: true, x: ends, y: ends });
      }
      const about = (DATA.orders[curve] || []).slice();
      if (key === "tolerance") about.push("On the broad grey line the error is the tolerance that was asked for; what it is of depends on the size of the state.");
      about.push(...keyOf(drawable(key)));
      return { series, caption: about, x: { title: label(COLUMN.get(key)), log: true }, y: { title: "largest error", log: true }, file: `${curve}-${key}`,
        rows: [["problem", "solver", key, "max_abs_error_median", "marks"], ...rows.map((r) => [word("problem_label", r), word("label", r), x(r), y(r), marksOf(r).join("; ")])] };
    },
  });
  return figure.element;
}
