'use strict';
// Draws the charts of a page: a line for each curve; dragging across one chooses a stretch of it, which all charts
// then show; a double click or Escape shows all again.
const charts = [];
const holder = document.getElementById('chart-grid');
const svgNamespace = 'http://www.w3.org/2000/svg';
const margin = { left: 58, right: 18, top: 8, bottom: 24 };
const height = 240;
let over = 'steps';
let stretch = null;

function make(parent, name, attributes, text) {
  const element = document.createElementNS(svgNamespace, name);
  // A page may forbid styles in its markup; a script may set them all the same.
  for (const key in attributes) {
    if (key === 'style') element.style.cssText = attributes[key];
    else element.setAttribute(key, attributes[key]);
  }
  if (text !== undefined) element.textContent = text;
  parent.appendChild(element);
  return element;
}

function short(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e');
  return String(Number(value.toPrecision(4)));
}

// Round numbers that part a range into about so many pieces.
function ticks(least, greatest, about) {
  if (!(greatest > least)) return [least];
  const rough = (greatest - least) / about;
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(size => size >= rough);
  const marks = [];
  for (let at = Math.ceil(least / step) * step; at <= greatest + step * 1e-9; at += step)
    marks.push(Math.abs(at) < step * 1e-9 ? 0 : at);
  return marks;
}

// The range that is shown of the horizontal axis.
function rangeOf(chart) {
  if (stretch) return stretch;
  let least = Infinity, greatest = -Infinity;
  for (const line of chart.lines) {
    const along = line[over];
    if (along.length === 0) continue;
    least = Math.min(least, along[0]);
    greatest = Math.max(greatest, along[along.length - 1]);
  }
  return greatest > least ? [least, greatest] : [least - 0.5, least + 0.5];
}

function draw(chart) {
  const svg = chart.svg;
  const width = Math.max(240, svg.clientWidth);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const [from, to] = rangeOf(chart);
  let least = Infinity, greatest = -Infinity;
  for (const line of chart.lines) {
    for (let i = 0; i < line.values.length; i++) {
      const at = line[over][i], value = line.values[i];
      if (at < from || at > to || value === null) continue;
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
  }
  if (least === Infinity) [least, greatest] = [0, 1];
  const room = greatest > least ? (greatest - least) * 0.05 : Math.abs(least) * 0.1 || 0.5;
  least = least >= 0 && least - room < 0 ? 0 : least - room;
  greatest += room;
  const x = at => margin.left + (at - from) / (to - from) * (width - margin.left - margin.right);
  const y = value => height - margin.bottom - (value - least) / (greatest - least) * (height - margin.top - margin.bottom);
  chart.view = { x, y, from, to, width };
  for (const mark of ticks(least, greatest, 5)) {
    make(svg, 'line', { class: 'axis', x1: margin.left, x2: width - margin.right, y1: y(mark), y2: y(mark) });
    make(svg, 'text', { class: 'tick', x: margin.left - 6, y: y(mark) + 4, 'text-anchor': 'end' }, short(mark));
  }
  for (const mark of ticks(from, to, Math.max(2, Math.floor(width / 95))))
    make(svg, 'text', { class: 'tick', x: x(mark), y: height - 7, 'text-anchor': 'middle' }, short(mark));
  const clip = `clip-${chart.number}`;
  make(make(svg, 'clipPath', { id: clip }), 'rect',
    { x: margin.left, y: 0, width: width - margin.left - margin.right, height });
  const inside = make(svg, 'g', { 'clip-path': `url(#${clip})` });
  for (const line of [...chart.lines].sort((a, b) => b.earlier - a.earlier)) {
    let path = '', pen = 'M';
    for (let i = 0; i < line.values.length; i++) {
      if (line.values[i] === null) { pen = 'M'; continue; }
      path += `${pen}${x(line[over][i]).toFixed(1)} ${y(line.values[i]).toFixed(1)}`;
      pen = 'L';
    }
    make(inside, 'path', { class: line.earlier ? 'wave earlier' : 'wave', d: path, style: `stroke: var(${line.hue})` });
    // Points that are few are seen as such.
    if (line.values.length > 40) continue;
    for (let i = 0; i < line.values.length; i++) {
      if (line.values[i] === null) continue;
      make(inside, 'circle', { class: line.earlier ? 'earlier' : '', cx: x(line[over][i]), cy: y(line.values[i]), r: 2.4,
        style: `fill: var(${line.hue})` });
    }
  }
  legend(chart, null);
}

// The point of a line that is nearest to a place.
function nearest(line, at) {
  const along = line[over];
  let low = 0, high = along.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (along[middle] < at) low = middle; else high = middle;
  }
  return at - along[low] < along[high] - at ? low : high;
}

function legend(chart, at) {
  chart.legend.replaceChildren(...chart.lines.map(line => {
    const entry = document.createElement('span');
    const mark = document.createElement('i');
    mark.style.borderTop = `2px ${line.earlier ? 'dashed' : 'solid'} var(${line.hue})`;
    const i = at === null || line.values.length === 0 ? -1 : nearest(line, at);
    const value = i < 0 ? '' : `: ${line.values[i] === null ? 'NaN' : short(line.values[i])} at ${short(line[over][i])}`;
    entry.append(mark, `${line.label}${value}`);
    return entry;
  }));
}

function listen(chart) {
  const svg = chart.svg;
  const place = event => {
    const box = svg.getBoundingClientRect(), view = chart.view;
    const part = ((event.clientX - box.left) * view.width / box.width - margin.left)
      / (view.width - margin.left - margin.right);
    return view.from + Math.min(1, Math.max(0, part)) * (view.to - view.from);
  };
  let start = null, chosen = null, line = null;
  const clear = () => { chosen?.remove(); line?.remove(); start = chosen = line = null; };
  svg.addEventListener('pointerdown', event => {
    start = place(event);
    if (event.pointerType !== 'touch') svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener('pointermove', event => {
    const at = place(event), view = chart.view;
    chart.pointed = true;
    line?.remove();
    line = make(svg, 'line', { class: 'mark', x1: view.x(at), x2: view.x(at), y1: margin.top, y2: height - margin.bottom });
    legend(chart, at);
    if (start === null) return;
    chosen?.remove();
    const left = Math.min(view.x(start), view.x(at)), right = Math.max(view.x(start), view.x(at));
    chosen = make(svg, 'rect',
      { class: 'chosen', x: left, y: margin.top, width: right - left, height: height - margin.top - margin.bottom });
  });
  svg.addEventListener('pointerup', event => {
    const view = chart.view, at = place(event);
    if (start !== null && Math.abs(view.x(at) - view.x(start)) > 8) {
      stretch = [Math.min(start, at), Math.max(start, at)];
      clear();
      drawAll();
    } else {
      clear();
    }
  });
  svg.addEventListener('pointercancel', () => { chart.pointed = false; clear(); });
  svg.addEventListener('pointerleave', () => {
    chart.pointed = false;
    if (start === null) { clear(); legend(chart, null); }
  });
  svg.addEventListener('dblclick', showAll);
}

function drawAll() {
  for (const chart of charts) draw(chart);
  document.getElementById('whole').hidden = stretch === null;
}

function showAll() {
  stretch = null;
  drawAll();
}

// Adds a chart to the page: a title, a unit and lines, each with label, steps, seconds and values.
function addChart(chart) {
  const panel = document.createElement('section');
  panel.className = 'chart';
  const title = document.createElement('h3');
  title.textContent = chart.unit ? `${chart.title} (${chart.unit})` : chart.title;
  chart.number = charts.length;
  chart.svg = document.createElementNS(svgNamespace, 'svg');
  chart.svg.setAttribute('role', 'img');
  chart.svg.setAttribute('aria-label', title.textContent);
  chart.legend = document.createElement('div');
  chart.legend.className = 'legend';
  colour(chart);
  panel.append(title, chart.svg, chart.legend);
  holder.append(panel);
  charts.push(chart);
  listen(chart);
}

// The run before keeps the colour of what it is beside.
function colour(chart) {
  let hue = 0;
  for (const line of chart.lines) line.hue = `--hue${(line.earlier ? Math.max(0, hue - 1) : hue++) % 6}`;
}

for (const button of document.querySelectorAll('.switch button')) {
  button.addEventListener('click', () => {
    over = button.value;
    stretch = null;
    for (const other of document.querySelectorAll('.switch button'))
      other.setAttribute('aria-pressed', String(other === button));
    drawAll();
  });
}
document.getElementById('whole').addEventListener('click', showAll);
document.addEventListener('keydown', event => { if (event.key === 'Escape') showAll(); });
new ResizeObserver(drawAll).observe(holder);
