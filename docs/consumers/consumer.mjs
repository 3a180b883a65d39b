// node consumer.mjs FILE.json ...: runs optimizers over golden vectors; the exit status is 1 if any deviates.
import { readFileSync } from "node:fs";

const dot = (a, b) => a.reduce((sum, ai, i) => sum + ai * b[i], 0);

function momo(tensors, h) {
  let x = tensors.flat(), d = x.map(() => 0), fBar = 0, gamma = 0, bound = h.lower_bound;
  return (k, alpha, loss, grads) => {
    const g = grads.flat(), fresh = k === 1 && !h.bias_correction ? 1 : 1 - h.beta;
    const average = (old, now) => (1 - fresh) * old + fresh * now;
    [d, fBar, gamma] = [d.map((di, i) => average(di, g[i])), average(fBar, loss), average(gamma, dot(g, x))];
    const rho = h.bias_correction ? 1 - h.beta ** k : 1, shrink = 1 + alpha * h.weight_decay;
    const dx = dot(d, x), value = shrink * (fBar - gamma) + dx, norm = Math.hypot(...d);
    if (h.estimate_lower_bound && value < shrink * rho * bound)
      bound = Math.max(value / (2 * shrink * rho), h.lower_bound);
    const tau = norm > 0 ? Math.min(alpha / rho, Math.max(value - shrink * rho * bound, 0) / norm / norm) : 0;
    if (h.estimate_lower_bound)
      bound = Math.max((fBar - gamma + dx - (tau * norm * norm) / 2) / rho, h.lower_bound);
    x = x.map((xi, i) => (xi - tau * d[i]) / shrink);
    return { params: x, step_size: [tau] };
  };
}

function tam(tensors, h) {
  const state = tensors.map((x) => ({ x, m: x.map(() => 0), average: 0 }));
  const unit = (v) => v.map((vi) => vi / (Math.hypot(...v) || 1));
  return (k, alpha, loss, grads) => {
    state.forEach((s, t) => {
      const g = grads[t].map((gi, i) => gi + h.weight_decay * s.x[i]);
      s.average = h.gamma * s.average + (1 - h.gamma) * dot(unit(s.m), unit(g));
      s.m = s.m.map((mi, i) => h.beta * mi + (h.eps + (1 + s.average) / 2) * g[i]);
      s.x = s.x.map((xi, i) => xi - alpha * s.m[i]);
    });
    return { params: state.flatMap((s) => s.x), cosine_average: state.map((s) => s.average) };
  };
}

// From here on nothing knows any optimizer. A step returns what it has, flat, by the vectors' names.
function deviation(start, { dtype, hyperparameters }, vector) {
  const array = (a) => a.dec.map(dtype === "float32" ? Math.fround : Number); // Number reads "-Infinity" and "NaN", too
  const setting = (value) => (Array.isArray(value) ? value.map(setting) : Number(value.dec ?? value));
  const h = Object.fromEntries(Object.entries(hyperparameters).map(([name, value]) => [name, setting(value)]));
  const step = start(vector.params.map(array), h);
  for (const [i, { loss, grads, expected }] of vector.steps.entries()) {
    const rate = Array.isArray(h.lr) ? h.lr[i] : h.lr;
    const got = step(i + 1, rate, array({ dec: [loss.dec] })[0], grads.map(array));
    for (const [name, items] of Object.entries(expected).filter(([name]) => name in got)) {
      const want = items.flatMap((item) => item.dec.map(Number));
      const allowed = items.flatMap((item) => item.tolerance);
      const close = (w, j) => w === got[name][j] || Math.abs(w - got[name][j]) <= allowed[j]; // false for NaN
      if (want.length !== got[name].length || !want.every(close))
        return `step ${i + 1}: ${name} is ${got[name]}, expected ${want}`;
    }
  }
}

for (const file of process.argv.slice(2)) {
  const { schema, algorithm, count, groups } = JSON.parse(readFileSync(file, "utf8"));
  if (schema !== "momoracle-golden-v1") throw new Error(`${file}: this reads momoracle-golden-v1, not ${schema}`);
  let agree = 0;
  for (const group of groups)
    for (const vector of group.vectors) {
      const found = deviation({ momo, tam }[algorithm], group, vector);
      if (found) console.log(`${vector.id}, ${found}`);
      else agree += 1;
    }
  console.log(`${algorithm}: ${agree} of ${count} vectors agree`);
  if (agree !== count) process.exitCode = 1;
}
