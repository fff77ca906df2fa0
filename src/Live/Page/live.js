// The page of a run that goes on: asks each second what is new, and shows it. What stands in the answers is text.
const find = id => document.getElementById(id);
const seen = { points: 0, events: 0 };
const curves = new Map();
const shown = new Map();
let chartKinds = [];
let began = null;
let failures = 0;

// Whoever came with the token has its cookie by now; the address bar need not show it.
if (location.search) history.replaceState(null, '', location.pathname);

function row(kind, cells, tag = 'td') {
  const line = document.createElement('tr');
  if (kind) line.className = kind;
  for (const [text, style] of cells) {
    const cell = document.createElement(tag);
    if (text instanceof Node) cell.append(text); else cell.textContent = text;
    if (style) cell.className = style;
    line.append(cell);
  }
  return line;
}

function span(seconds) {
  if (seconds === null || seconds === undefined || !isFinite(seconds)) return '';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${(minutes / 1440).toFixed(1)} days`;
}

const bytes = size => size >= 2 ** 30 ? `${(size / 2 ** 30).toFixed(2)} GiB` : `${Math.round(size / 2 ** 20)} MiB`;
const figure = value => value === null || value === undefined ? 'NaN' : short(value);

function facts(state) {
  const run = state.run, at = state.progress, list = [];
  if (at) {
    const share = at.maxIteration > 0 ? 100 * at.iteration / at.maxIteration : 100;
    find('bar-done').style.width = `${share}%`;
    find('bar').setAttribute('aria-valuenow', share.toFixed(0));
    list.push(['Iteration', String(at.iteration), `of ${at.maxIteration}, ${share.toFixed(1)} %`]);
    if (at.epoch !== null) list.push(['Epoch', at.epoch.toFixed(2), '']);
    list.push(['Training loss', figure(at.loss), '']);
    list.push(['Learning rate', figure(at.rate), '']);
    if (at.imagesPerSecond > 0) list.push(['Images a second', figure(at.imagesPerSecond), '']);
    for (const curve of curves.values()) {
      if (!/^test\d+$/.test(curve.split) || curve.values.length === 0) continue;
      const last = curve.values.length - 1;
      list.push([curve.label, figure(curve.values[last]), `at iteration ${curve.steps[last]}`]);
    }
    if (state.state === 'running' && at.secondsLeft > 0) {
      const end = new Date(Date.now() + 1000 * at.secondsLeft);
      list.push(['Time left', span(at.secondsLeft), `until ${end.toLocaleTimeString([], { timeStyle: 'short' })}`]);
    }
  }
  const use = state.process;
  list.push(['Memory', bytes(use.residentBytes), `${bytes(use.managedBytes)} of it managed`]);
  list.push(['Processor', `${use.coresBusy.toFixed(1)} cores`, `of ${use.cores}`]);
  if (run) list.push([run.devices.length > 1 ? 'Devices' : 'Device', run.devices.join('; '), '']);
  find('facts').replaceChildren(...list.map(([name, value, more]) => {
    const fact = document.createElement('div');
    fact.className = 'fact';
    const term = document.createElement('dt'), text = document.createElement('dd');
    term.textContent = name;
    text.textContent = value;
    if (more) {
      const small = document.createElement('small');
      small.textContent = more;
      text.append(small);
    }
    fact.append(term, text);
    return fact;
  }));
}

function identity(state) {
  const run = state.run;
  if (!run) return;
  document.title = `${run.name}: ${state.state}`;
  find('name').textContent = run.name;
  const parts = [`run ${run.id}`, run.config, run.net && `net ${run.net}`, `solver ${run.solver}`, `seed ${run.seed}`,
    run.segment > 0 && `start ${run.segment + 1}, from iteration ${run.startIteration}`];
  find('identity').textContent = parts.filter(Boolean).join(', ');
}

function condition(name) {
  find('state').textContent = name;
  find('state').className = `state ${name === 'no answer' ? 'gone' : name}`;
}

// Takes in the new points; says which charts have changed.
function take(updates) {
  const changed = new Set();
  for (const update of updates) {
    const key = `${update.split} ${update.name} ${update.rank}`;
    let curve = curves.get(key);
    if (!curve) {
      curve = { split: update.split, name: update.name, label: update.label, chart: update.chart, steps: [], seconds: [], values: [] };
      curves.set(key, curve);
    }
    const divisor = chartKinds[update.chart].divisor;
    const values = divisor === 1 ? update.values : update.values.map(value => value === null ? null : value / divisor);
    if (update.whole) {
      [curve.steps, curve.seconds, curve.values] = [update.steps, update.seconds, values];
    } else {
      curve.steps.push(...update.steps);
      curve.seconds.push(...update.seconds);
      curve.values.push(...values);
    }
    changed.add(update.chart);
  }
  return changed;
}

// Where the loss is not smoothed, an output of that name says the same.
function isSame(curve, other) {
  return other && curve.values.length === other.values.length
    && curve.values.every((value, i) => Math.abs(value - other.values[i]) <= 1e-5 * Math.abs(value));
}

// What is known between displays is shown where displays are rare: beside them it would be seen twice.
function linesOf(number) {
  const all = [...curves.values()].filter(curve => curve.chart === number
    && !(curve.name === 'output/loss' && isSame(curve, curves.get('train loss 0'))));
  const told = all.filter(curve => curve.split !== 'progress');
  const few = !told.some(curve => curve.split === 'train' && curve.steps.length > 1);
  // Training has the first colour, whatever was measured first.
  return (few ? all : told).sort((a, b) => (b.split === 'train') - (a.split === 'train'));
}

function drawCharts(changed) {
  let isNew = false;
  for (const number of [...changed].sort((a, b) => a - b)) {
    const lines = linesOf(number);
    let chart = shown.get(number);
    if (!chart) {
      chart = { title: chartKinds[number].title, unit: chartKinds[number].unit, lines };
      shown.set(number, chart);
      addChart(chart);
      isNew = true;
    } else {
      chart.lines = lines;
      colour(chart);
    }
  }
  if (isNew) {
    // In the order of the list, whichever came first.
    for (const number of [...shown.keys()].sort((a, b) => a - b))
      holder.append(shown.get(number).svg.parentElement);
  }
  find('no-curves').hidden = shown.size > 0;
  for (const [number, chart] of shown)
    if (changed.has(number) && !chart.pointed) draw(chart);
}

function actors(list) {
  const head = row('', [['actor'], ['does'], ['for', 'number wide'], ['messages', 'number'], ['', 'wide']], 'th');
  find('actors').replaceChildren(head, ...list.map(actor => row('', [
    [actor.name], [actor.doing], [actor.seconds < 0.05 ? '' : span(actor.seconds), 'number wide'],
    [String(actor.messages), 'number'], [actor.note, 'wide']])));
}

function events(list) {
  const table = find('events');
  if (table.rows.length === 0)
    table.append(row('', [['time'], ['iteration', 'number'], ['event']], 'th'));
  for (const event of list) {
    const time = new Date(event.time).toLocaleTimeString([], { timeStyle: 'medium' });
    table.rows[0].after(row(event.kind, [[time], [String(event.iteration), 'number'], [event.text]]));
  }
  while (table.rows.length > 201) table.deleteRow(-1);
}

function layers(list) {
  find('no-layers').hidden = list.length > 0;
  if (list.length === 0) return;
  const both = layer => layer.forward + layer.backward;
  const sum = of => list.reduce((all, layer) => all + of(layer), 0);
  const all = sum(both), most = Math.max(...list.map(both));
  const lines = list.map(layer => {
    const share = document.createElement('div');
    share.className = 'share';
    for (const kind of ['forward', 'backward']) {
      const part = document.createElement('span');
      part.className = kind;
      part.style.width = `${most > 0 ? 100 * layer[kind] / most : 0}%`;
      share.append(part);
    }
    const percent = all > 0 ? 100 * both(layer) / all : 0;
    return row('', [[layer.layer], [layer.forward.toFixed(2)], [layer.backward.toFixed(2)], [`${percent.toFixed(1)} %`],
      [share]]);
  });
  const [forward, backward] = ['forward', 'backward'].map(kind => sum(layer => layer[kind]).toFixed(2));
  const together = ['together', forward, backward, '', ''];
  find('layers').replaceChildren(
    row('', [['layer'], ['forward'], ['backward'], ['share'], ['']], 'th'), ...lines,
    row('', together.map(text => [text]), 'th'));
}

async function ask() {
  const answer = await fetch(`api/state?points=${seen.points}&events=${seen.events}`, { cache: 'no-store' });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const state = await answer.json();
  // Another run, or one that went back: what is shown here is of another one.
  if (state.run && began !== null && state.run.began !== began) location.reload();
  if (state.run) began = state.run.began;
  [seen.points, seen.events] = [state.newest, state.newestEvent];
  const changed = take(state.curves);
  condition(state.state);
  identity(state);
  facts(state);
  drawCharts(changed);
  actors(state.actors);
  events(state.events);
  layers(state.layers);
  return state.isOver;
}

async function watch() {
  if (chartKinds.length === 0) {
    const answer = await fetch('api/charts');
    if (answer.ok) chartKinds = await answer.json();
  }
  return await ask();
}

async function keepWatching() {
  try {
    // When it is over there is nobody left to ask.
    if (await watch()) return;
    failures = 0;
  } catch {
    if (++failures > 2) condition('no answer');
  }
  setTimeout(keepWatching, document.hidden ? 4000 : failures > 2 ? 5000 : 1000);
}

keepWatching();
