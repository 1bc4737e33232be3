// What makes the page explorable. No library, no network; the numbers are in #data, the drawings in the page.
(() => {
'use strict';
const W = 360, NS = 'http://www.w3.org/2000/svg';
const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
const D = JSON.parse($('#data').textContent);

// ---- numbers -------------------------------------------------------------------------------------------
const kept = [];
const bytes = i => kept[i] ??= Uint8Array.from(atob(D.arrays[i]), c => c.charCodeAt(0));
function nums(a) {
  if (ArrayBuffer.isView(a)) return a;
  if (Array.isArray(a)) return a.map(v => v === null ? NaN : v);
  if (!a.c) {
    const b = bytes(a.i), n = b.length / 2;
    // signed numbers count to 65534 as well, so that their middle, 32767, is exactly 0
    a.c = Float64Array.from({ length: n }, (_, k) => {
      const q = b[2 * k] | b[2 * k + 1] << 8;
      return q === 65535 ? NaN : a.a + a.w * (q / 65534);
    });
  }
  return a.c;
}
function say(v, unit) {
  if (!Number.isFinite(v)) return '–';
  let t;
  const m = Math.abs(v);
  if (m < 1e-12) t = '0';
  else if (m >= 1e6 || m < 1e-4) t = v.toExponential(2).replace(/e\+?(-?)/, '×10^$1');
  else t = String(+v.toPrecision(m >= 1000 ? 5 : 3));
  return t.replace(/-/g, '\u2212') + (unit ? (unit === '%' ? '\u202f%' : ' ' + unit) : '');
}
const place = (m, v) => m[2] + (m[4] ? Math.log(v / m[0]) / Math.log(m[1] / m[0]) : (v - m[0]) / (m[1] - m[0])) * (m[3] - m[2]);
const value = (m, p) => { const f = (p - m[2]) / (m[3] - m[2]); return m[4] ? m[0] * (m[1] / m[0]) ** f : m[0] + f * (m[1] - m[0]); };
const clamp = (v, a, b) => Math.min(b, Math.max(a, v));
const n1 = v => Math.round(v * 10) / 10;

// ---- drawing -------------------------------------------------------------------------------------------
const colour = t => `var(--${t})`;
function el(name, attributes, parent, text) {
  const e = document.createElementNS(NS, name);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  if (text !== undefined) e.textContent = text;
  if (parent) parent.append(e);
  return e;
}
function html(name, attributes, parent, text) {
  const e = document.createElement(name);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  if (text !== undefined) e.textContent = text;
  if (parent) parent.append(e);
  return e;
}
const rgb = hex => [1, 3, 5].map(k => parseInt(hex.slice(k, k + 2), 16));
function theme() {
  const style = getComputedStyle(document.documentElement);
  return name => rgb(style.getPropertyValue('--' + name).trim());
}
const light = name => rgb(D.light[name]);
const mix = (a, b, f) => a.map((v, k) => Math.round(v + (b[k] - v) * clamp(f, 0, 1)));
function signed(c) {
  const zero = c('zero'), plus = c('positive'), minus = c('negative');
  return v => mix(zero, v < 0 ? minus : plus, Math.abs(v));
}
function heat(c) {
  const stops = [0, 1, 2, 3, 4].map(k => c('h' + k));
  return v => { const at = clamp(v, 0, 1) * 4, k = Math.min(3, Math.floor(at)); return mix(stops[k], stops[k + 1], at - k); };
}
function picture(rows, cols, at) {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, cols); canvas.height = Math.max(1, rows);
  const context = canvas.getContext('2d'), image = context.createImageData(canvas.width, canvas.height);
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) {
    const p = at(r, c), k = 4 * (r * cols + c);
    image.data[k] = p[0]; image.data[k + 1] = p[1]; image.data[k + 2] = p[2]; image.data[k + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
// the cells and the colour bar of a matrix or heat map in the colours of `c`
function paint(panel, svg, c) {
  const { at } = panel, v = nums(panel.v), none = c('span2');
  let cell, bar;
  if (panel.k === 'matrix') {
    const ramp = signed(c), [plus, minus] = at.limits;
    cell = (r, k) => { const w = v[r * at.cols + k]; return Number.isNaN(w) ? none : ramp(w / (w < 0 ? minus : plus)); };
    bar = f => ramp(at.bar[0] + (at.bar[1] - at.bar[0]) * f);
  } else {
    const ramp = panel.signed ? signed(c) : heat(c);
    const part = panel.signed ? w => w / at.high : w => (w - at.low) / (at.high - at.low);
    cell = (r, k) => { const w = v[(at.rows - 1 - r) * at.cols + k]; return Number.isNaN(w) ? none : ramp(part(w)); };
    bar = panel.signed ? f => ramp(2 * f - 1) : ramp;
  }
  $('.cells', svg).setAttribute('href', picture(at.rows, at.cols, cell));
  $('.bar', svg).setAttribute('href', picture(1, 64, (_, k) => bar(k / 63)));
}

// ---- the read-out --------------------------------------------------------------------------------------
const tip = $('#tip'), live = $('#live');
function show(name, rows, x, y, aloud) {
  tip.replaceChildren();
  if (name) html('b', {}, tip, name);
  for (const [label, text] of rows) {
    const row = html('div', {}, tip);
    html('span', {}, row, label); html('span', {}, row, text);
  }
  tip.hidden = false;
  const box = tip.getBoundingClientRect(), room = document.documentElement.clientWidth;
  let left = x + 14, top = y - box.height - 12;
  if (left + box.width > room - 6) left = x - box.width - 14;
  if (top < 6) top = y + 18;
  tip.style.transform = `translate(${Math.round(clamp(left, 6, Math.max(6, room - box.width - 6)))}px,${Math.round(top)}px)`;
  if (aloud) live.textContent = [name, ...rows.map(r => r.join(' '))].join(', ');
}
let current = null;
function hide() {
  tip.hidden = true;
  if (current) { current.over.replaceChildren(); current.svg.classList.remove('focus'); $$('.s.on', current.svg).forEach(e => e.classList.remove('on')); }
  current = null;
}

// ---- panels --------------------------------------------------------------------------------------------
// Each kind says what is at a point (`near`), what is next to it (`step`), and shows it (`mark`).
const kinds = {
  chart: {
    start(p) { p.s.forEach(s => { s.xs = nums(s.x); s.ys = nums(s.y); if (s.e) s.es = s.e.map(nums); }); },
    near(p, x, y) {
      let best = null, least = 45 * 45;
      p.s.forEach((s, i) => {
        const n = Math.min(s.xs.length, s.ys.length);
        for (let k = 0; k < n; k++) {
          const dx = place(p.at.x, s.xs[k]) - x, dy = s.b ? 0 : place(p.at.y, s.ys[k]) - y, d = dx * dx + dy * dy;
          if (d < least) { least = d; best = { i, k }; }
        }
      });
      return best;
    },
    first: p => p.s.length ? { i: 0, k: 0 } : null,
    step(p, h, dx, dy) {
      const i = clamp(h.i + dy, 0, p.s.length - 1), n = p.s[i].xs.length;
      const big = Math.max(1, Math.round(n / 40));
      return { i, k: clamp(dy ? h.k : h.k + dx * big, 0, n - 1) };
    },
    mark(p, h, over, svg) {
      const s = p.s[h.i], x = place(p.at.x, s.xs[h.k]), y = place(p.at.y, s.ys[h.k]);
      $$('.s', svg).forEach(e => e.classList.toggle('on', +e.dataset.s === h.i));
      svg.classList.toggle('focus', p.s.length > 1);
      el('circle', { cx: x, cy: y, r: 4.5, fill: colour(s.t), stroke: colour('paper'), 'stroke-width': 1.5 }, over);
      const axis = (a, v) => {
        const name = a.named && a.named.find(t => Math.abs(t[0] - v) < 1e-9);
        return [a.l || 'x', name ? name[1] : say(v, a.u)];
      };
      const rows = [axis(p.x, s.xs[h.k]), axis(p.y, s.ys[h.k])];
      if (s.es) rows.push(['range', say(s.es[0][h.k]) + ' – ' + say(s.es[1][h.k], p.y.u)]);
      return { name: s.n, rows, x, y };
    },
  },
  matrix: {
    start(p, svg) { paint(p, svg, theme()); if (p.a !== null) svg.classList.add('pick'); },
    near(p, x, y) {
      const [l, t, w, h] = p.at.box;
      // beside the cells, at the names, a whole row or column is meant
      const c = Math.floor((x - l) / w * p.at.cols), r = Math.floor((y - t) / h * p.at.rows);
      if (c < 0 || r < 0 || c >= p.at.cols || r >= p.at.rows) return null;
      return { r, c };
    },
    first: p => p.at.rows && p.at.cols ? { r: 0, c: 0 } : null,
    step: (p, h, dx, dy) => ({ r: clamp(h.r + dy, 0, p.at.rows - 1), c: clamp(h.c + dx, 0, p.at.cols - 1) }),
    mark(p, h, over) {
      const [l, t, w, hh] = p.at.box, cw = w / p.at.cols, ch = hh / p.at.rows;
      const outline = { fill: 'none', stroke: colour('ink'), 'stroke-width': 1 };
      el('rect', { x: l, y: t + h.r * ch, width: w, height: ch, ...outline, 'stroke-opacity': .35 }, over);
      el('rect', { x: l + h.c * cw, y: t, width: cw, height: hh, ...outline, 'stroke-opacity': .35 }, over);
      el('rect', { x: l + h.c * cw - .5, y: t + h.r * ch - .5, width: cw + 1, height: ch + 1, ...outline, 'stroke-width': 1.5 }, over);
      const name = side => {
        const k = side === p.r ? h.r : h.c;
        let sum = 0;
        const g = side.g.find(g => (sum += g[1]) > k);
        return side.n[k] + (g ? ` (${g[0]})` : '');
      };
      return {
        name: `${name(p.c)} → ${name(p.r)}`, rows: [[p.value, say(nums(p.v)[h.r * p.at.cols + h.c])]],
        x: l + (h.c + .5) * cw, y: t + (h.r + .5) * ch,
      };
    },
    click(p, h) {
      if (p.linked) p.linked.choose(p.r.u.length ? p.r.u[h.r] : p.c.u[h.c], p.r.u.length && p.c.u.length ? p.c.u[h.c] : null);
    },
  },
  heat: {
    start(p, svg) { paint(p, svg, theme()); },
    near(p, x, y) {
      const [l, t, w, h] = p.at.box, c = Math.floor((x - l) / w * p.at.cols), r = Math.floor((y - t) / h * p.at.rows);
      return c < 0 || r < 0 || c >= p.at.cols || r >= p.at.rows ? null : { r, c };
    },
    first: p => p.at.rows && p.at.cols ? { r: 0, c: 0 } : null,
    step: (p, h, dx, dy) => ({ r: clamp(h.r + dy, 0, p.at.rows - 1), c: clamp(h.c + dx, 0, p.at.cols - 1) }),
    mark(p, h, over) {
      const [l, t, w, hh] = p.at.box, cw = w / p.at.cols, ch = hh / p.at.rows, { xr, yr } = p.at;
      el('rect', { x: l + h.c * cw, y: t + h.r * ch, width: cw, height: ch, fill: 'none', stroke: colour('ink'), 'stroke-width': 1.5 }, over);
      const row = p.at.rows - 1 - h.r;
      const along = (a, range, k, n) => {
        const v = range[0] + (k + .5) / n * (range[1] - range[0]);
        const name = a.named && a.named.find(t => Math.abs(t[0] - v) < .5 * (range[1] - range[0]) / n + 1e-9);
        return [a.l, name ? name[1] : say(v, a.u)];
      };
      return {
        name: '', x: l + (h.c + .5) * cw, y: t + (h.r + .5) * ch,
        rows: [along(p.x, xr, h.c, p.at.cols), along(p.y, yr, row, p.at.rows), [p.z.l || 'value', say(nums(p.v)[row * p.at.cols + h.c], p.z.u)]],
      };
    },
  },
  timeline: {
    near(p, x, y) {
      const t = nums(p.times);
      if (x < p.at.x[2] - 6 || x > p.at.x[3] + 6 || !t.length) return null;
      const v = value(p.at.x, x);
      let k = 0;
      for (let j = 1; j < t.length; j++) if (Math.abs(t[j] - v) < Math.abs(t[k] - v)) k = j;
      return { k, y };
    },
    first: p => nums(p.times).length ? { k: 0, y: 0 } : null,
    step(p, h, dx) { const n = nums(p.times).length; return { k: clamp(h.k + dx * Math.max(1, Math.round(n / 60)), 0, n - 1), y: h.y }; },
    mark(p, h, over) {
      const t = nums(p.times)[h.k], x = place(p.at.x, t), rows = [];
      el('path', { d: `M${x} ${p.at.top}V${p.at.bottom}`, stroke: colour('ink'), 'stroke-width': 1 }, over);
      p.lanes.forEach((lane, i) => {
        const [top, height, low, high] = p.at.lanes[i];
        lane.s.forEach(s => {
          const v = nums(s.y)[h.k];
          if (!Number.isFinite(v)) return;
          rows.push([lane.s.length > 1 ? s.n : lane.n, say(v)]);
          el('circle', { cx: x, cy: top + height * (1 - (v - low) / (high - low)), r: 3, fill: colour(s.t) }, over);
        });
      });
      const epoch = p.epochs.find(e => t >= e[1] && t < e[2]) || p.epochs.find(e => t === e[2]);
      return { name: (epoch ? epoch[0] + ', ' : '') + say(t, 'ms'), rows, x, y: h.y || (p.at.top + p.at.bottom) / 2 };
    },
  },
  space: {
    start(p, svg) {
      p.view = [...p.at.view];
      p.paths.forEach(q => { q.c = q.p.map(nums); });
      svg.classList.add('turn');
      this.draw(p, svg);
      const controls = html('div', { class: 'controls', role: 'group', 'aria-label': 'View' });
      html('span', {}, controls, 'View');
      // from the third axis, from the second (negative), from the first
      const views = [['3-D', p.at.view], [`${p.axes[0]}–${p.axes[1]}`, [0, 90]], [`${p.axes[0]}–${p.axes[2]}`, [0, 0]], [`${p.axes[1]}–${p.axes[2]}`, [-90, 0]]];
      for (const [name, view] of views) {
        html('button', { type: 'button' }, controls, name.replace(/[_^]\{([^}]*)\}/g, '$1')).onclick = () => { p.view = [...view]; hide(); this.draw(p, svg); };
      }
      svg.parentNode.append(controls);
    },
    project(p) {
      const { low, high, scale, middle } = p.at, [a, e] = p.view.map(d => d * Math.PI / 180);
      const [sa, ca, se, ce] = [Math.sin(a), Math.cos(a), Math.sin(e), Math.cos(e)];
      return (x, y, z) => {
        const u = (x - (low[0] + high[0]) / 2) * scale, v = (y - (low[1] + high[1]) / 2) * scale, w = (z - (low[2] + high[2]) / 2) * scale;
        return [middle[0] + u * ca - v * sa, middle[1] - (w * ce + (u * sa + v * ca) * se)];
      };
    },
    draw(p, svg) {
      const g = $('.scene', svg), at = this.project(p), { low, high, scale } = p.at;
      g.replaceChildren();
      const corner = [[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]].map(c => at(c[0], c[1], low[2]).map(n1).join(' '));
      el('path', { d: `M${corner.join('L')}Z`, stroke: colour('span2'), fill: 'none' }, g);
      for (let k = 0; k < 3; k++) {
        const end = [...low], beyond = [...low];
        end[k] = high[k]; beyond[k] = high[k] + 12 / scale;
        const from = at(...low), to = at(...end), name = at(...beyond);
        if (Math.hypot(to[0] - from[0], to[1] - from[1]) < 4) continue;
        el('path', { d: `M${from.map(n1).join(' ')}L${to.map(n1).join(' ')}`, stroke: colour('soft'), fill: 'none' }, g);
        el('text', { x: n1(clamp(name[0], 30, W - 30)), y: n1(name[1] + 4), 'font-size': 12, 'text-anchor': 'middle', fill: colour('ink') }, g, p.axes[k].replace(/[_^]\{([^}]*)\}/g, '$1'));
      }
      p.paths.forEach((q, i) => {
        const points = Array.from(q.c[0], (_, k) => at(q.c[0][k], q.c[1][k], q.c[2][k]));
        q.at = points;
        const group = el('g', { class: 's', 'data-s': i }, g);
        const d = points.map((v, k) => (k ? 'L' : 'M') + n1(v[0]) + ' ' + n1(v[1])).join('');
        el('path', { d, stroke: colour(q.t), 'stroke-width': 1.6, fill: 'none', 'stroke-linejoin': 'round', ...(q.d ? { 'stroke-dasharray': '5 3' } : {}) }, group);
        const dot = (v, r, open) => v && el('circle', { cx: n1(v[0]), cy: n1(v[1]), r, fill: open ? colour('paper') : colour(q.t), stroke: colour(q.t), 'stroke-width': 1.3 }, group);
        if (q.m) points.forEach(v => dot(v, 2.2, q.o));
        dot(points[0], 2.2, true); dot(points[points.length - 1], 3.5, q.o);
      });
    },
    near(p, x, y) {
      let best = null, least = 30 * 30;
      p.paths.forEach((q, i) => q.at.forEach((v, k) => {
        const d = (v[0] - x) ** 2 + (v[1] - y) ** 2;
        if (d < least) { least = d; best = { i, k }; }
      }));
      return best;
    },
    first: () => null,
    turn(p, svg, dx, dy) { p.view[0] += dx; p.view[1] = clamp(p.view[1] + dy, -90, 90); this.draw(p, svg); },
    mark(p, h, over, svg) {
      const q = p.paths[h.i], [x, y] = q.at[h.k];
      $$('.s', svg).forEach(e => e.classList.toggle('on', +e.dataset.s === h.i));
      svg.classList.toggle('focus', p.paths.length > 1);
      el('circle', { cx: x, cy: y, r: 4.5, fill: colour(q.t), stroke: colour('paper'), 'stroke-width': 1.5 }, over);
      const rows = p.axes.map((a, k) => [a.replace(/[_^]\{([^}]*)\}/g, '$1'), say(q.c[k][h.k])]);
      if (p.step) rows.push(['time', say(h.k * p.step, 'ms')]);
      return { name: q.n, rows, x, y };
    },
  },
  motion: {
    near(p, x, y) {
      let best = null, least = 12 * 12;
      (p.lines || []).forEach(({ m, at }) => {
        for (let k = 1; k < at.length; k++) {
          const [ax, ay] = at[k - 1], dx = at[k][0] - ax, dy = at[k][1] - ay, l = dx * dx + dy * dy;
          const f = l ? clamp(((x - ax) * dx + (y - ay) * dy) / l, 0, 1) : 0, px = ax + f * dx, py = ay + f * dy;
          const d = (px - x) ** 2 + (py - y) ** 2;
          // a muscle's end at the tip of the hand must not hide the tip
          if (d < least) { least = d; best = { m, x: px, y: py }; }
        }
      });
      return best;
    },
    first: () => ({ m: -1 }),
    step(p, h, dx, dy) { if (dx) p.seek(p.now + dx); return { m: clamp(h.m + dy, -1, p.body.muscles.length - 1) }; },
    mark(p, h, over) {
      const line = p.lines.find(l => l.m === h.m), at = h.x === undefined ? line.at[line.at.length >> 1] : [h.x, h.y];
      const trial = p.trials[p.shown];
      if (h.m < 0) el('circle', { cx: n1(at[0]), cy: n1(at[1]), r: 4, fill: 'none', stroke: colour('ink'), 'stroke-width': 1.2 }, over);
      else p.lines.filter(l => l.m === h.m).forEach(l => el('path', { d: polyline(l.at), fill: 'none', stroke: colour('ink'), 'stroke-width': 1, 'stroke-linejoin': 'round' }, over));
      const time = ['time', say(Math.round(1000 * nums(p.times)[p.now]), 'ms')];
      const rows = h.m < 0 ? [time, ['distance', say(nums(trial.d)[p.now], p.unit)]]
        : [time, ['activation', say(nums(trial.a)[p.now * p.body.muscles.length + h.m])]];
      return { name: h.m < 0 ? 'tip' : p.body.muscles[h.m][0], rows, x: at[0], y: at[1] };
    },
  },
};
const polyline = at => at.map((v, k) => (k ? 'L' : 'M') + n1(v[0]) + ' ' + n1(v[1])).join('');

// ---- a body in motion: where its frames are at some angles, as in movement.rs ---------------------------
function frames(body, q) {
  const placed = [[[[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 0, 0]]];
  for (const [parent, origin, turns] of body.frames) {
    let R = placed[parent][0];
    for (const [c, [x, y, z]] of turns) {
      const s = Math.sin(q[c]), k = Math.cos(q[c]), v = 1 - k;
      const T = [[k + x * x * v, x * y * v - z * s, x * z * v + y * s], [y * x * v + z * s, k + y * y * v, y * z * v - x * s],
        [z * x * v - y * s, z * y * v + x * s, k + z * z * v]];
      R = R.map(row => [0, 1, 2].map(j => row[0] * T[0][j] + row[1] * T[1][j] + row[2] * T[2][j]));
    }
    placed.push([R, inGround(placed, [parent, origin])]);
  }
  return placed;
}
function inGround(placed, [f, at]) {
  const [R, o] = placed[f];
  return [0, 1, 2].map(i => o[i] + R[i][0] * at[0] + R[i][1] * at[1] + R[i][2] * at[2]);
}
// one moment of one movement, in the colours of `c`
function pose(p, svg, c) {
  const { body } = p, trial = p.trials[p.shown], scene = $('.scene', svg), { scale, low } = p.at;
  const q = trial.q.map(a => nums(a)[p.now]), placed = frames(body, q), goal = p.targets[trial.g];
  const M = body.muscles.length, ramp = heat(c), css = v => `rgb(${v.join()})`;
  scene.replaceChildren();
  p.lines = [];
  p.tip = inGround(placed, body.tip);
  for (const { axes: [i, j], corner } of p.at.views) {
    const at = v => [corner[0] + (v[i] - low[i]) * scale, corner[1] - (v[j] - low[j]) * scale];
    const disc = (v, r, fill, stroke, more) => { const [x, y] = at(v); return el('circle', { cx: n1(x), cy: n1(y), r: n1(r * scale), fill, stroke, ...more }, scene); };
    for (const [centre, r] of body.spheres) if (!centre[0]) disc(inGround(placed, centre), r, css(c('span')), css(c('span2')));
    p.targets.forEach((t, k) => {
      const on = k === trial.g;
      disc(t.at, t.r, css(c(t.t)), css(c(t.t)), { class: 'ball', 'fill-opacity': on ? .25 : 0, 'stroke-opacity': on ? 1 : .6, ...(on ? {} : { 'stroke-dasharray': '2 2' }) });
    });
    // the way of the tip: pale what is still to come
    const way = trial.way.map(at);
    const stroke = css(c(goal.t)), round = { fill: 'none', 'stroke-linejoin': 'round', 'stroke-linecap': 'round' };
    el('path', { d: polyline(way), stroke, 'stroke-opacity': .3, 'stroke-width': 1, ...round }, scene);
    el('path', { d: polyline(way.slice(0, p.now + 1)), stroke, 'stroke-width': 1.4, ...round }, scene);
    for (const [centre, r] of body.spheres) if (centre[0]) disc(inGround(placed, centre), r, css(c('span2')), 'none', { 'fill-opacity': .8 });
    for (const bone of body.bones) el('path', { class: 'bone', d: polyline(bone.map(b => at(inGround(placed, b)))), stroke: css(c('muted')), 'stroke-width': 3.6, ...round }, scene);
    body.muscles.forEach(([name, path], m) => {
      const a = nums(trial.a)[p.now * M + m] / p.full, line = path.map(b => at(inGround(placed, b)));
      p.lines.push({ m, at: line });
      // an edge, so that pale muscles are seen on pale paper
      el('path', { d: polyline(line), stroke: css(c('soft')), 'stroke-opacity': .55, 'stroke-width': 1.5 + 1.6 * a, ...round }, scene);
      el('path', { class: 'muscle', 'data-m': m, d: polyline(line), stroke: css(ramp(a)), 'stroke-width': .8 + 1.6 * a, ...round }, scene);
    });
    const tip = at(p.tip);
    p.lines.push({ m: -1, at: [tip, tip] });
    el('circle', { class: 'tip', cx: n1(tip[0]), cy: n1(tip[1]), r: 2.4, fill: css(c('ink')), stroke: css(c('paper')), 'stroke-width': .8 }, scene);
  }
}
function motionPanel({ p, svg }, beside) {
  if (!p.trials.length) return;
  const times = nums(p.times), N = times.length, M = p.body.muscles.length;
  p.trials.forEach(t => { t.way = Array.from({ length: N }, (_, k) => inGround(frames(p.body, t.q.map(a => nums(a)[k])), p.body.tip)); });
  p.full = beside ? beside.p.at.high : 1;
  p.shown = 0; p.now = 0;
  const cell = svg.parentNode, bar = html('div', { class: 'controls player', role: 'group', 'aria-label': 'Movement' });
  svg.after(bar);
  const play = html('button', { type: 'button', class: 'play' }, bar);
  const list = (label, names) => {
    const select = html('select', { 'aria-label': label }, bar);
    names.forEach((name, k) => html('option', { value: k }, select, name));
    return select;
  };
  const goals = p.targets.map((t, k) => k).filter(k => p.trials.some(t => t.g === k));
  const ball = list('Target', goals.map(k => p.targets[k].n));
  const trial = list('Trial', []);
  const speeds = [1, 1 / 4, 1 / 10], speed = list('Speed', ['real time', '4× slower', '10× slower']);
  speed.value = 1;
  const scrub = html('input', { type: 'range', min: 0, max: N - 1, step: 1, 'aria-label': 'Time' }, bar);
  const words = html('output', { class: 'words' }, bar);
  let cursor = null;
  if (beside) { cursor = el('g', { class: 'cursor' }); beside.svg.insertBefore(cursor, beside.over); }
  const title = beside && $$('text', beside.svg).find(t => t.textContent.startsWith('Muscles'));
  const length = v => v.toFixed(3) + (p.unit ? ' ' + p.unit : '');
  let frame = 0, since = 0, from = 0;
  p.seek = k => {
    p.now = clamp(Math.round(k), 0, N - 1);
    const t = p.trials[p.shown], d = nums(t.d), goal = p.targets[t.g].n;
    scrub.value = p.now;
    scrub.setAttribute('aria-valuetext', `${Math.round(1000 * times[p.now])} ms`);
    words.textContent = `${Math.round(1000 * times[p.now])} ms: ${length(d[p.now])} from ${goal}; at the end ${length(d[N - 1])}`;
    pose(p, svg, theme());
    if (current && current.svg === svg) hide();
    if (cursor) {
      const [l, top, w, h] = beside.p.at.box, x = l + (times[p.now] - times[0]) / (times[N - 1] - times[0]) * w;
      cursor.replaceChildren();
      el('path', { d: `M${n1(x)} ${top - 3}v${h + 6}`, stroke: colour('paper'), 'stroke-width': 3.5 }, cursor);
      el('path', { d: `M${n1(x)} ${top - 3}v${h + 6}`, stroke: colour('target'), 'stroke-width': 1.5 }, cursor);
    }
  };
  const stop = () => { cancelAnimationFrame(frame); frame = 0; play.textContent = 'Play'; };
  const run = now => {
    if (!since) since = now;
    const t = from + (now - since) / 1000 * speeds[speed.value];
    let k = p.now;
    while (k < N - 1 && times[k + 1] <= t) k++;
    if (k !== p.now) p.seek(k);
    if (k < N - 1) frame = requestAnimationFrame(run); else stop();
  };
  play.onclick = () => {
    if (frame) { stop(); return; }
    if (p.now === N - 1) p.seek(0);
    since = 0; from = times[p.now]; play.textContent = 'Pause';
    frame = requestAnimationFrame(run);
  };
  speed.onchange = () => { since = 0; from = times[p.now]; };
  scrub.oninput = () => { stop(); p.seek(+scrub.value); };
  const show = k => {
    stop();
    p.shown = k;
    if (beside) {
      const a = nums(p.trials[k].a), v = new Float64Array(a.length);
      for (let m = 0; m < M; m++) for (let j = 0; j < N; j++) v[(M - 1 - m) * N + j] = a[j * M + m];
      beside.p.v = v;
      paint(beside.p, beside.svg, theme());
      if (title) title.textContent = `Muscles, ${p.targets[p.trials[k].g].n}, ${p.trials[k].n}`;
    }
    p.seek(p.now);
  };
  const choose = () => {
    trial.replaceChildren();
    p.trials.forEach((t, k) => { if (t.g === goals[+ball.value]) html('option', { value: k }, trial, t.n); });
    show(+trial.value);
  };
  ball.onchange = choose;
  trial.onchange = () => show(+trial.value);
  stop();
  choose();
  // first the end: whether it was reached
  p.seek(N - 1);
}

function attach(p, svg) {
  const kind = kinds[p.k], over = el('g', { class: 'over' }, svg);
  const panel = { p, kind, svg, over, at: null };
  if (kind.start) kind.start(p, svg);
  const client = (x, y) => { const r = svg.getBoundingClientRect(), s = r.width / W; return [r.left + x * s, r.top + y * s]; };
  const inside = e => { const r = svg.getBoundingClientRect(), s = W / r.width; return [(e.clientX - r.left) * s, (e.clientY - r.top) * s]; };
  const put = (hit, aloud) => {
    if (current !== panel) hide();
    over.replaceChildren();
    panel.at = hit;
    if (!hit) { hide(); return; }
    current = panel;
    const m = kind.mark(p, hit, over, svg), [x, y] = client(m.x, m.y);
    show(m.name, m.rows, x, y, aloud);
  };
  panel.put = put;
  let drag = null;
  svg.addEventListener('pointerdown', e => {
    if (kind.turn && e.button === 0) { drag = [e.clientX, e.clientY]; svg.setPointerCapture(e.pointerId); if (e.pointerType === 'mouse') e.preventDefault(); svg.focus({ preventScroll: true }); }
    else put(kind.near(p, ...inside(e)));
  });
  svg.addEventListener('pointermove', e => {
    if (drag) {
      const dx = e.clientX - drag[0], dy = e.clientY - drag[1];
      if (Math.abs(dx) + Math.abs(dy) > 1) { drag = [e.clientX, e.clientY]; if (current === panel) hide(); kind.turn(p, svg, dx * .5, e.pointerType === 'mouse' ? dy * .5 : 0); }
    } else if (e.pointerType === 'mouse' || e.buttons) put(kind.near(p, ...inside(e)));
  });
  const end = e => { drag = null; if (e.type === 'pointerup' && kind.turn) put(kind.near(p, ...inside(e))); };
  svg.addEventListener('pointerup', end);
  svg.addEventListener('pointercancel', end);
  svg.addEventListener('pointerleave', e => { if (e.pointerType === 'mouse' && !drag) hide(); });
  if (kind.click) svg.addEventListener('click', e => { const hit = kind.near(p, ...inside(e)); if (hit) kind.click(p, hit); });
  svg.addEventListener('keydown', e => {
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (e.key === 'Escape') hide();
    else if (arrow && kind.turn) { e.preventDefault(); hide(); kind.turn(p, svg, 6 * arrow[0], -6 * arrow[1]); }
    else if (arrow) { e.preventDefault(); put(panel.at && current === panel ? kind.step(p, panel.at, ...arrow) : panel.at || kind.first(p), true); }
    else if ((e.key === 'Enter' || e.key === ' ') && kind.click && panel.at) { e.preventDefault(); kind.click(p, panel.at); }
  });
  svg.addEventListener('blur', () => { if (current === panel) hide(); });
  return panel;
}

// ---- a unit's activity, beside the matrix it is picked in ----------------------------------------------
function ticks(low, high, most) {
  const coarse = (high - low) / most, ten = 10 ** Math.floor(Math.log10(coarse));
  const step = [1, 2, 5, 10, 20].map(f => f * ten).find(s => Math.floor(high / s + 1e-9) - Math.ceil(low / s - 1e-9) + 1 <= most) || ten * 50;
  const out = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) out.push(+(k * step).toPrecision(12));
  return out;
}
const ruler = document.createElement('canvas').getContext('2d');
function width(text, size) { ruler.font = `${size}px Inter, Helvetica, Arial, sans-serif`; return ruler.measureText(text).width; }

function unitPanel(p, svg) {
  const act = D.activities[p.a], cell = html('div', { class: 'panel unit' });
  svg.parentNode.after(cell);
  // the order of the matrix: next is the neighbouring row
  const side = p.r.u.length ? p.r : p.c, order = side.u;
  const group = new Map();
  { let k = 0; side.g.forEach(g => { for (let j = 0; j < g[1]; j++) group.set(order[k++], g[0]); }); }
  const head = html('div', { class: 'controls head' }, cell), name = html('b', {}, head);
  const previous = html('button', { type: 'button', 'aria-label': 'Previous unit' }, head, '←');
  const next = html('button', { type: 'button', 'aria-label': 'Next unit' }, head, '→');
  const pick = html('select', { 'aria-label': 'Unit' }, head);
  order.forEach(u => html('option', { value: u }, pick, act.units[u]));
  const pair = html('div', { class: 'controls' });
  const drawing = el('svg', { class: 'panel', viewBox: `0 0 ${W} 300`, role: 'img', tabindex: 0 }, cell);
  const base = el('g', {}, drawing), frame = el('g', { class: 'selected' });
  svg.insertBefore(frame, $('.over', svg));
  cell.append(pair);
  const times = nums(act.times), N = times.length, C = act.s.length;
  const q = { k: 'chart', x: { l: act.time, u: 'ms' }, y: { l: act.label, u: act.unit }, s: [], at: {} };
  let panel = null;

  function read(u) {
    const b = bytes(act.v), [low, wide] = act.ranges[u], at = u * C * N;
    return c => Array.from({ length: N }, (_, t) => {
      const k = at + c * N + t, code = act.bits === 8 ? b[k] : b[2 * k] | b[2 * k + 1] << 8;
      return code === (act.bits === 8 ? 255 : 65535) ? NaN : low + wide * code / (act.bits === 8 ? 254 : 65534);
    });
  }
  function draw(u) {
    base.replaceChildren();
    const curve = read(u), ys = act.s.map((_, c) => curve(c));
    const all = ys.flat().filter(Number.isFinite);
    let low = Math.min(0, ...all), high = Math.max(...all, low + 1e-9);
    if (high - low < 1e-6) high = low + 1;
    high += (high - low) * .05;
    const text = (x, y, t, more = {}) => el('text', { x: n1(x), y: n1(y), 'font-size': 11.5, fill: colour('soft'), ...more }, base, t);
    // the legend
    let top = 6, x = 0;
    const keys = act.keys.length ? act.keys : C <= 8 ? act.s : [];
    keys.forEach(k => {
      const sample = k.p ? 9 : 20, wide = sample + 5 + width(k.n, 11.5);
      if (x && x + wide > W) { x = 0; top += 16; }
      if (k.p) el('circle', { cx: x + 4.5, cy: top + 8, r: 3.1, fill: k.o ? colour('paper') : colour(k.t), stroke: colour(k.t), 'stroke-width': 1.3 }, base);
      else el('path', { d: `M${x} ${top + 8}h20`, stroke: colour(k.t), 'stroke-width': 2, ...(k.d ? { 'stroke-dasharray': '5 3' } : {}) }, base);
      text(x + sample + 5, top + 12, k.n);
      x += wide + 13;
    });
    if (keys.length) top += 22;
    const named = act.marks.filter(m => m[2]);
    if (named.length) top += 14;
    const yt = ticks(low, high, 6), digits = Math.max(0, ...yt.map(v => (String(v).split('.')[1] || '').length));
    const labels = yt.map(v => v.toFixed(digits).replace('-', '\u2212'));
    const left = 27 + Math.max(...labels.map(l => width(l, 11.5)));
    const X = [times[0], times[N - 1], left, W - 8, 0], bottom = top + 205, Y = [low, high, bottom, top, 0];
    q.at = { x: X, y: Y };
    const span = m => [clamp(m[0], X[0], X[1]), clamp(m[1], X[0], X[1])].map(v => place(X, v));
    let shade = 0, free = 0;
    act.marks.forEach(m => {
      const [a, b] = span(m);
      if (m[0] === m[1]) el('path', { d: `M${n1(a)} ${top}V${bottom}`, stroke: colour('muted'), 'stroke-dasharray': '2 3' }, base);
      else el('rect', { x: n1(a), y: top, width: n1(b - a), height: bottom - top, fill: colour(shade++ % 2 ? 'span2' : 'span') }, base);
      const half = width(m[2], 11.5) / 2, at = clamp((a + b) / 2, half, W - half);
      if (m[2] && at - half > free) { text(at, top - 5, m[2], { 'text-anchor': 'middle' }); free = at + half + 4; }
    });
    ys.forEach((y, c) => {
      const s = act.s[c], g = el('g', { class: 's', 'data-s': c }, base);
      let d = '', pen = 'M';
      y.forEach((v, k) => { if (Number.isFinite(v)) { d += pen + n1(place(X, times[k])) + ' ' + n1(place(Y, v)); pen = 'L'; } else pen = 'M'; });
      el('path', { d, stroke: colour(s.t), 'stroke-width': 1.6, fill: 'none', 'stroke-linejoin': 'round', ...(s.d ? { 'stroke-dasharray': '5 3' } : {}) }, g);
    });
    el('path', { d: `M${n1(left)} ${bottom}H${W - 8}M${n1(left)} ${bottom}V${top}`, stroke: colour('soft'), fill: 'none' }, base);
    yt.forEach((v, k) => {
      const y = place(Y, v);
      el('path', { d: `M${n1(left - 4)} ${n1(y)}H${n1(left)}`, stroke: colour('soft') }, base);
      text(left - 7, y + 4, labels[k], { 'text-anchor': 'end' });
    });
    ticks(X[0], X[1], 5).forEach(v => {
      const at = place(X, v);
      el('path', { d: `M${n1(at)} ${bottom}v4`, stroke: colour('soft') }, base);
      text(at, bottom + 17, String(v).replace('-', '\u2212'), { 'text-anchor': 'middle' });
    });
    text((left + W - 8) / 2, bottom + 34, `${act.time} (ms)`, { 'font-size': 12, 'text-anchor': 'middle', fill: colour('ink') });
    text(0, 0, act.unit ? `${act.label} (${act.unit})` : act.label, { x: 0, y: 0, transform: `translate(11 ${n1((top + bottom) / 2)}) rotate(-90)`, 'font-size': 12, 'text-anchor': 'middle', fill: colour('ink') });
    drawing.setAttribute('viewBox', `0 0 ${W} ${Math.ceil(bottom + 42)}`);
    q.s = act.s.map((s, c) => ({ n: s.n, t: s.t, x: times, y: ys[c], xs: times, ys: ys[c] }));
  }
  function choose(u, other) {
    if (current && current.svg === drawing) hide();
    draw(u);
    const title = act.units[u] + (group.get(u) ? ` (${group.get(u)})` : '');
    name.textContent = title[0].toUpperCase() + title.slice(1);
    drawing.setAttribute('aria-label', `Activity of ${title}`);
    cell.dataset.unit = u;
    pick.value = u;
    // where it stands in the matrix
    frame.replaceChildren();
    const [l, t, w, h] = p.at.box, r = p.r.u.indexOf(u), c = p.c.u.indexOf(u);
    const arrow = { fill: colour('ink') };
    if (r >= 0) { const y = t + (r + .5) * h / p.at.rows; el('path', { d: `M${n1(l + w + 1.5)} ${n1(y)}l6 -3.5v7z`, ...arrow }, frame); }
    if (c >= 0) { const x = l + (c + .5) * w / p.at.cols; el('path', { d: `M${n1(x)} ${n1(t + h + 1.5)}l-3.5 6h7z`, ...arrow }, frame); }
    pair.replaceChildren();
    if (other !== undefined && other !== null && other !== u) {
      html('span', {}, pair, 'Sends to it:');
      html('button', { type: 'button' }, pair, act.units[other]).onclick = () => choose(other);
    } else html('span', {}, pair, 'Pick a unit in the matrix, or step through them in its order.');
  }
  const move = d => { const k = order.indexOf(+pick.value); choose(order[(k + d + order.length) % order.length]); };
  previous.onclick = () => move(-1);
  next.onclick = () => move(1);
  pick.onchange = () => choose(+pick.value);
  if (order.length) choose(order[0]);
  panel = attach(q, drawing);
  p.linked = { choose };
}

const panels = $$('svg.panel').map(svg => attach(D.panels[+svg.dataset.p], svg));
panels.forEach(({ p, svg }) => { if (p.k === 'matrix' && p.a !== null) unitPanel(p, svg); });
panels.forEach((panel, k) => {
  if (panel.p.k !== 'motion') return;
  const next = panels[k + 1];
  motionPanel(panel, next && next.p.k === 'heat' && next.svg.closest('figure') === panel.svg.closest('figure') ? next : null);
});
addEventListener('scroll', () => { if (current && !current.svg.matches(':focus-visible')) hide(); }, { passive: true });
document.addEventListener('pointerdown', e => { if (current && !current.svg.contains(e.target)) hide(); });

// ---- light and dark ------------------------------------------------------------------------------------
function coloured(p, svg, c) { if (p.v) paint(p, svg, c); else if (p.lines) pose(p, svg, c); }
function repaint() { panels.forEach(({ p, svg }) => coloured(p, svg, theme())); }
const system = matchMedia('(prefers-color-scheme: dark)');
$('#theme').onclick = () => {
  const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === 'dark' : system.matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  try { localStorage.setItem('cogrnn-theme', root.dataset.theme); } catch (e) { /* private window: not remembered */ }
  repaint();
};
system.addEventListener('change', repaint);
addEventListener('beforeprint', () => panels.forEach(({ p, svg }) => coloured(p, svg, light)));
addEventListener('afterprint', repaint);

// ---- saving a figure, always dark on white -------------------------------------------------------------
function whole(figure, fonts) {
  const all = $$('svg.panel', figure), gap = 22;
  const columns = Math.max(1, Math.min(+figure.dataset.columns || 3, all.length));
  let y = gap / 2, body = '';
  for (let k = 0; k < all.length; k += columns) {
    let tallest = 0;
    all.slice(k, k + columns).forEach((svg, j) => {
      const copy = svg.cloneNode(true), height = svg.viewBox.baseVal.height, p = D.panels[+svg.dataset.p];
      $$('.over', copy).forEach(e => e.remove());
      if (svg.dataset.p !== undefined) coloured(p, copy, light);
      if (svg.closest('.unit')) el('text', { x: W - 4, y: 14, 'font-size': 13, 'font-weight': 600, 'text-anchor': 'end', fill: D.light.ink }, copy, $('b', svg.closest('.unit')).textContent);
      for (const a of ['class', 'tabindex', 'role', 'data-p', 'style']) copy.removeAttribute(a);
      for (const [a, v] of [['x', gap / 2 + j * (W + gap)], ['y', y], ['width', W], ['height', height]]) copy.setAttribute(a, v);
      copy.setAttribute('overflow', 'visible');
      body += new XMLSerializer().serializeToString(copy);
      tallest = Math.max(tallest, height);
    });
    y += tallest + gap;
  }
  const w = columns * (W + gap), h = y - gap / 2;
  body = body.replace(/var\(--([\w-]+)\)/g, (_, name) => D.light[name] || '#000');
  return { w, h, text: `<svg xmlns="${NS}" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="Inter, Helvetica, Arial, sans-serif">${fonts}<rect width="${w}" height="${h}" fill="#fff"/>${body}</svg>` };
}
function download(blob, name) {
  const a = html('a', { href: URL.createObjectURL(blob), download: name });
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}
const faces = () => [...document.styleSheets].flatMap(s => [...s.cssRules]).filter(r => r instanceof CSSFontFaceRule).map(r => r.cssText).join('');
async function bitmap(figure, scale = 3) {
  const { w, h, text } = whole(figure, `<style>${faces()}</style>`);
  const image = new Image();
  image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(text);
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(w * scale); canvas.height = Math.round(h * scale);
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise(done => canvas.toBlob(done, 'image/png'));
}
$$('[data-save]').forEach(button => button.onclick = async () => {
  const figure = button.closest('figure'), name = figure.dataset.file || 'figure';
  if (button.dataset.save === 'svg') download(new Blob([whole(figure, '').text], { type: 'image/svg+xml' }), name + '.svg');
  else download(await bitmap(figure), name + '.png');
});

// ---- copying, finding one's way ------------------------------------------------------------------------
$$('.copy').forEach(button => button.onclick = async () => {
  const pre = $('pre', button.parentNode);
  try { await navigator.clipboard.writeText(pre.textContent); }
  catch (e) { const range = document.createRange(); range.selectNodeContents(pre); getSelection().removeAllRanges(); getSelection().addRange(range); document.execCommand('copy'); }
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
});
const links = new Map($$('nav a').map(a => [a.getAttribute('href').slice(1), a]));
const seen = new IntersectionObserver(entries => entries.forEach(e => {
  if (e.isIntersecting) links.forEach((a, id) => a.classList.toggle('here', id === e.target.id));
}), { rootMargin: '-10% 0px -80% 0px' });
$$('main > section').forEach(s => seen.observe(s));
if (matchMedia('(max-width: 960px)').matches) $('nav details').open = false;
addEventListener('beforeprint', () => $$('details').forEach(d => { d.open = true; }));

// for tests: what a save would write
document.documentElement.dataset.ready = 'yes';
window.cogrnnReport = { whole: figure => whole(figure, '').text, bitmap, panel: svg => D.panels[+svg.dataset.p] };
})();
