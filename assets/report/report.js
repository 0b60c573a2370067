// Values under the pointer: one time for all panels. Arrow keys move it, too.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const figures = [...document.querySelectorAll("figure.panel")];
  const span = data.to - data.from, inner = data.width - data.left - data.right;
  let time = null;

  const clock = (ms) => {
    const s = Math.round(Math.abs(ms) / 1000), pad = (n) => String(n).padStart(2, "0");
    const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return (ms < 0 && s ? "−" : "") + (h ? h + ":" + pad(m) : m) + ":" + pad(s % 60);
  };
  const short = (v) => {
    if (Math.abs(v) >= 1e6) return (v / 1e6).toPrecision(3) + " M";
    if (Math.abs(v) >= 1e4) return (v / 1e3).toPrecision(3) + " k";
    return Math.abs(v) >= 100 || Number.isInteger(v) ? String(Math.round(v)) : v.toPrecision(3);
  };
  // The names as they are at the ends of the lines.
  const brief = (name) => [...name].slice(-17).join("").replace(/^-+/, "");
  const units = {
    percent: (v) => short(v) + " %", replicas: (v) => String(v), millicores: (v) => short(v) + "m",
    cores: (v) => short(v * 1000) + "m", milliseconds: (v) => short(v) + " ms", per_second: (v) => short(v) + "/s",
    bytes: (v) => (v >= 1073741824 ? short(v / 1073741824) + " Gi" : short(v / 1048576) + " Mi"),
  };
  // The value at a time: for steps the point before it; between samples the nearer one, and nothing across a gap.
  const at = (trace, ms) => {
    const p = trace.points;
    let lo = 0, hi = p.length;
    while (lo < hi) { const mid = (lo + hi) >> 1; if (p[mid][0] <= ms) lo = mid + 1; else hi = mid; }
    const before = p[lo - 1], after = p[lo];
    if (trace.steps || !after || !before) return before && (trace.steps || after) ? before[1] : before && ms - before[0] < 60000 ? before[1] : null;
    if (before[1] === null || after[1] === null) return null;
    return ms - before[0] <= after[0] - ms ? before[1] : after[1];
  };
  const show = () => figures.forEach((figure, i) => {
    const panel = data.panels[i], line = figure.querySelector(".cursor"), out = figure.querySelector("output");
    if (time === null) { line.style.visibility = "hidden"; out.textContent = ""; return; }
    const x = data.left + ((time - data.from) / span) * inner;
    line.setAttribute("x1", x); line.setAttribute("x2", x); line.style.visibility = "visible";
    const unit = units[panel.unit] || short;
    const values = panel.traces.map((t) => [t.name, at(t, time)]).filter((t) => t[1] !== null && t[1] !== undefined);
    out.textContent = clock(time - data.zero) + "  " + values.map((t) => brief(t[0]) + " " + unit(t[1])).join(" · ");
  });
  const set = (ms) => { time = ms === null ? null : Math.min(data.to, Math.max(data.from, ms)); show(); };
  figures.forEach((figure) => {
    const svg = figure.querySelector("svg");
    svg.addEventListener("pointermove", (e) => {
      const box = svg.getBoundingClientRect(), x = ((e.clientX - box.left) / box.width) * data.width;
      set(data.from + ((x - data.left) / inner) * span);
    });
    svg.addEventListener("pointerleave", () => set(null));
  });
  addEventListener("keydown", (e) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!step || e.altKey || e.ctrlKey || e.metaKey) return;
    set((time === null ? data.from : time) + (step * span) / 200);
    e.preventDefault();
  });
})();
