// The solution of a problem, and how far its cases are off over time.
function solutionFigure(problem) {
  const { solution } = problem;
  if (!solution) return missing(problem.noSolution);
  return new Figure({
    title: "Solution",
    make: () => ({
      series: solution.components.map(({ name, y }, k) => ({ name, colour: k, mode: "lines", width: 2, x: solution.t, y, text: y.map((v, i) => `${name}\nt = ${solution.t[i]}\n${v}`) })),
      x: { title: "t", log: solution.log }, y: { title: solution.components.length > 1 ? "components" : "y" }, caption: solution.captions, file: `solution-${problem.label}`,
      rows: [["t", ...solution.components.map((c) => c.name)], ...solution.t.map((t, i) => [t, ...solution.components.map((c) => c.y[i])])],
    }),
  }).element;
}

function errorFigure(problem) {
  const { errors, solution } = problem;
  if (!errors?.series.length) return missing(...(errors ? errors.captions : [problem.noErrors]));
  return new Figure({
    title: "Error over time",
    make: () => ({
      series: errors.series.map((s) => {
        const points = s.t.map((t, i) => [t, s.error[i]]).filter(([t, e]) => e > 0 && Number.isFinite(e) && (!solution?.log || t > 0));
        return { name: s.name, colour: curveNumber.get(s.curve), x: points.map((p) => p[0]), y: points.map((p) => p[1]), mode: "lines+markers", sparse: true,
          text: points.map(([t, e]) => `${s.name}\nt = ${t}\nerror: ${written(e, "e")}`) };
      }),
      x: { title: "t", log: Boolean(solution?.log) }, y: { title: "error", log: true }, caption: errors.captions, file: `error-over-time-${problem.label}`,
      rows: [["problem", "solver", "t", "abs_error"], ...errors.series.flatMap((s) => s.t.map((t, i) => [problem.label, s.name, t, s.error[i]]))],
    }),
  }).element;
}
