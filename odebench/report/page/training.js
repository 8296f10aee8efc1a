// How networks trained: loss, residual and true error, with a slider over the training.
const QUANTITIES = { error: "largest error", loss: "loss", residual: "largest residual" };
const STEPS = 200; // of the slider

function trainingView(mount) {
  const body = el("div", {});
  const draw = (k) => { forget(body); body.replaceChildren(el("h3", { class: "chosen" }, DATA.trainings[k].label), trainingFigure(DATA.trainings[k])); };
  mount.append(el("div", { class: "controls" }, choice("problem", DATA.trainings.map((p, k) => [k, p.label]), 0, (k) => draw(Number(k)))), body);
  draw(0);
}

function trainingFigure(problem) {
  const has = (quantity) => problem.solves.some((s) => s[quantity].some((v) => v !== null));
  if (!Object.keys(QUANTITIES).some(has)) return missing(...problem.captions, "No checkpoint says how far it was off: there is nothing to draw.");
  const state = { up: Object.keys(QUANTITIES).find(has), across: "wall_s", at: STEPS };
  const output = el("output", { "aria-live": "polite" });
  const slider = el("input", { type: "range", min: "0", max: String(STEPS), value: String(STEPS), oninput: () => { state.at = Number(slider.value); figure.redraw(true, true); } });
  const unit = (v) => (state.across === "wall_s" ? written(v, "s") : `step ${Math.round(v)}`);
  const figure = new Figure({
    title: "Training",
    controls: [
      choice("up", Object.entries(QUANTITIES).filter(([key]) => has(key)), state.up, (up) => { state.up = up; figure.redraw(); }),
      choice("across", [["wall_s", "solver's own time"], ["step", "step"]], state.across, (across) => { state.across = across; figure.redraw(); }),
      el("div", { class: "field wider" }, labelled("how far the training has come", slider), output),
    ],
    make: () => {
      const across = problem.solves.flatMap((s) => s[state.across]).filter((v) => v > 0);
      const [low, high] = [Math.min(...across), Math.max(...across)];
      const now = low * (high / low) ** (state.at / STEPS);
      const series = [], lines = [];
      problem.solves.forEach((solve, k) => {
        const points = solve[state.across].map((v, i) => [v, solve[state.up][i]]).filter(([v, q]) => v > 0 && q !== null && q > 0);
        const done = points.filter(([v]) => v <= now * (1 + 1e-9));
        series.push({ name: solve.name, colour: k, x: done.map((p) => p[0]), y: done.map((p) => p[1]),
          text: done.map(([v, q]) => `${solve.name}\n${unit(v)}\n${QUANTITIES[state.up]}: ${written(q, "e")}`) });
        series.push({ name: solve.name, follows: true, colour: k, mode: "lines", width: 1, faint: true, x: points.map((p) => p[0]), y: points.map((p) => p[1]) });
        if (done.length) lines.push([done[done.length - 1][1], solve.name]);
      });
      lines.sort(([a], [b]) => a - b);
      output.textContent = `After ${unit(now)}: ${lines.length ? `${QUANTITIES[state.up]} ${written(lines[0][0], "e")} of ${lines[0][1]}` : "nothing yet"}` +
        (lines.length > 1 ? `, the least of ${lines.length}; the most is ${written(lines[lines.length - 1][0], "e")}.` : ".");
      slider.setAttribute("aria-valuetext", output.textContent);
      const rows = problem.solves.flatMap((s) => s.step.map((step, i) => [problem.label, s.name, step, s.wall_s[i], s.loss[i], s.error[i], s.residual[i]]));
      return {
        series, caption: problem.captions, file: `training-${problem.label}`, x: { title: state.across === "wall_s" ? "solver's own time in s" : "step", log: true },
        y: { title: QUANTITIES[state.up], log: true }, rows: [["problem", "solver", "step", "wall_s", "loss", "max_abs_error", "max_residual"], ...rows],
      };
    },
  });
  return figure.element;
}
