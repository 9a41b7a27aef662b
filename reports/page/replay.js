// The replay of one task: two decodings drawn at one time t (seconds of the run), which the controls move. The list of tasks
// chooses which.
(() => {
  "use strict";
  const $ = id => document.getElementById(id);
  const section = $("replay"), figures = [...section.querySelectorAll(".sides figure")];
  const speeds = [0.25, 0.5, 1, 2, 4, 8];
  let views, end, natural, times, t = 0, playing = false, last = 0;

  // Each position of a side gets a span and its settlings: [time, probability], in order. mark is the class of a position that
  // went wrong.
  const show = chosen => {
    const replay = replays[chosen];
    end = Math.max(...replay.sides.map(s => s.seconds));
    natural = end / 8; // at speed 1 the slower side takes eight seconds
    times = [...new Set(replay.sides.flatMap(s => s.steps.map(f => f.at)))].sort((a, b) => a - b);
    section.querySelector("#says .task").textContent = replay.task;
    section.querySelector("#says span").textContent = replay.says;
    views = replay.sides.map((side, k) => {
      const figure = figures[k], canvas = figure.querySelector(".canvas");
      figure.querySelector("b").textContent = side.name;
      figure.querySelector(".total").textContent = side.total;
      canvas.textContent = "";
      const spots = side.pieces.map((text, i) => {
        const span = document.createElement("span");
        span.textContent = text;
        canvas.append(span);
        const mark = side.odd?.includes(i) ? " odd" : side.beside?.includes(i) ? " beside" : "";
        return { span, mark, committed: [], was: "" };
      });
      side.steps.forEach((f, n) => f.commits.forEach(([pos, , p]) => spots[pos].committed.push({ at: f.at, p, n })));
      return { side, spots, state: figure.querySelector(".state"), bar: figure.querySelector(".bar i") };
    });
  };

  // A probability from 0.5 to 1 as a colour between the ends of the scale.
  const colour = p => `color-mix(in oklab, var(--high) ${Math.round(100 * Math.min(1, Math.max(0, (p - 0.5) / 0.5)))}%, var(--low))`;

  const draw = () => {
    for (const { side, spots, state, bar } of views) {
      const done = side.steps.filter(f => f.at <= t + 1e-12).length;
      const next = side.steps.slice(done).find(f => f.commits.length);
      const soon = new Set(next ? next.commits.map(c => c[0]) : []);
      let tokens = 0;
      spots.forEach((spot, i) => {
        const now = spot.committed.filter(x => x.at <= t + 1e-12).pop();
        let name = side.canvas ? (soon.has(i) ? "mask near" : "mask") : "later";
        if (now) { tokens++; name = now.n === done - 1 ? "fresh" : "set"; }
        const was = name + (now ? now.p : "");
        if (was === spot.was) return;
        spot.was = was;
        spot.span.className = name + spot.mark;
        spot.span.style.color = now ? colour(now.p) : "";
        spot.span.title = now ? `p ${now.p}, forward ${now.n + 1}` : "";
      });
      const over = done === side.steps.length;
      state.textContent = `${tokens} of ${side.tokens} tokens, ${done} forwards` + (over ? ", done" : "");
      bar.style.width = 100 * Math.min(1, t / side.seconds) + "%";
    }
    $("time").value = 1000 * t / end;
    const rate = natural * speeds[$("speed").value];
    $("clock").textContent = `${ms(t)} of ${ms(end)}, ${rate < 1 ? "1/" + Math.round(1 / rate) : Math.round(rate) + "x"} of real time`;
    $("time").setAttribute("aria-valuetext", ms(t));
  };
  const ms = s => s < 1 ? (1000 * s).toFixed(1) + " ms" : s.toFixed(2) + " s";

  const seek = to => { t = Math.min(end, Math.max(0, to)); draw(); };
  const play = on => {
    if (on && t >= end) t = 0;
    playing = on;
    $("play").textContent = on ? "Pause" : "Play";
    if (on) { last = performance.now(); requestAnimationFrame(frame); }
  };
  const frame = now => {
    if (!playing) return;
    seek(t + Math.max(0, now - last) / 1000 * natural * speeds[$("speed").value]);
    last = now;
    t < end ? requestAnimationFrame(frame) : play(false);
  };
  const forth = () => { play(false); seek(times.find(x => x > t + 1e-12) ?? end); };
  const back = () => { play(false); seek(times.filter(x => x < t - 1e-12).pop() ?? 0); };
  const faster = by => { const s = $("speed"); s.value = Math.min(speeds.length - 1, Math.max(0, +s.value + by)); draw(); };
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  speeds.forEach((s, i) => $("speed").add(new Option(s + "x", i, s === 1, s === 1)));
  $("play").onclick = () => play(!playing);
  $("forth").onclick = forth;
  $("back").onclick = back;
  $("speed").onchange = draw;
  $("time").oninput = e => { play(false); seek(e.target.value / 1000 * end); };
  $("task").onchange = e => { play(false); show(e.target.value); seek(still ? end : 0); };

  // Keys work within the replay, and where nothing has the focus while the replay is in sight.
  const inSight = () => { const r = section.getBoundingClientRect(); return r.top < innerHeight * 0.6 && r.bottom > innerHeight * 0.4; };
  const keys = { " ": () => play(!playing), ArrowRight: forth, ArrowLeft: back, "+": () => faster(1), "-": () => faster(-1),
    Home: () => seek(0), End: () => seek(end) };
  addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || !keys[e.key] || /^(SELECT|INPUT)$/.test(e.target.tagName)) return;
    if (e.key === " " && e.target.tagName === "BUTTON") return; // the button's own
    if (!section.contains(e.target) && !(e.target === document.body && inSight())) return;
    e.preventDefault();
    keys[e.key]();
  });

  // #t=0.5 opens the page at half of the time, #task=2 with the third task of the list. A reader who wants no motion gets the
  // end, and whoever scrolls to the replay sees it play once.
  const asked = /t=([\d.]+)/.exec(location.hash), chosen = /task=(\d+)/.exec(location.hash);
  if (chosen && replays[chosen[1]]) $("task").value = chosen[1];
  show($("task").value);
  seek(asked ? asked[1] * end : still ? end : 0);
  if (!asked && !still) {
    const seen = new IntersectionObserver(entries => {
      if (entries.some(e => e.isIntersecting)) { seen.disconnect(); play(true); }
    }, { threshold: 0.5 });
    seen.observe(section.querySelector(".sides"));
  }
})();
