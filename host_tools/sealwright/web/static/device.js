// Live plots of one device: draws what the server drew as uPlot charts, and adds readings as they come.
// Without this file, or where it fails, the server's own picture stays.

const MOST = 20000; // points of a chart
const place = document.querySelector("#plots");
const said = document.querySelector("#live");
const SPANS = { "1h": 3600, "24h": 86400, "7d": 604800, "30d": 2592000, all: Infinity };
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
const charts = new Map(); // by quantity and unit

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const keyOf = (name, unit) => JSON.stringify([name, unit ?? ""]);
const stamp = (seconds, step) => {
  const text = new Date(seconds * 1000).toISOString();
  return step >= 86400 ? text.slice(5, 10) : step >= 60 ? text.slice(11, 16) : text.slice(11, 19);
};
const width = () => Math.max(260, place.clientWidth);

function options(name, unit) {
  const axis = { stroke: () => color("--soft"), grid: { stroke: () => color("--line"), width: 1 }, ticks: { show: false } };
  return {
    width: width(),
    height: 240,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    padding: [8, 32, 0, 0],
    scales: { x: { range: (chart, least, most) => (most > least ? [least, most] : [least - 30, most + 30]) } },
    axes: [
      { ...axis, space: 80, incrs: STEPS, values: (chart, at, n, space, step) => at.map((one) => stamp(one, step)) },
      { ...axis, size: 70 },
    ],
    series: [
      { label: "UTC", value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" },
      { label: unit ? `${name} (${unit})` : name, stroke: () => color("--plot"), width: 1.75, points: { size: 4 } },
    ],
  };
}

function add(name, unit, at, values) {
  const box = document.createElement("div");
  box.className = "live";
  const title = document.createElement("h3");
  title.textContent = unit ? `${name} (${unit})` : name;
  box.append(title);
  place.append(box);
  const data = [at, values];
  const chart = new uPlot(options(name, unit), data, box);
  chart.root.setAttribute("role", "img");
  chart.root.setAttribute("aria-label", `Plot of ${name}; the newest values are in the table below`);
  charts.set(keyOf(name, unit), { chart, data });
}

function take(reading) {
  for (const { name, unit, at, value } of reading.values) {
    const known = charts.get(keyOf(name, unit));
    const seconds = Number(at ?? reading.at);
    if (!known || typeof value !== "string" || !Number.isFinite(Number(value)) || reading.clock < 2) continue;
    const [times, values] = known.data;
    if (times.length && seconds <= times.at(-1)) continue;
    times.push(seconds);
    values.push(Number(value));
    const first = seconds - SPANS[place.dataset.span];
    while (times.length > MOST || times[0] < first) {
      times.shift();
      values.shift();
    }
    known.chart.setData(known.data);
  }
  said.textContent = `Live: reading ${reading.seq} came.`;
}

async function begin() {
  const device = place.dataset.device;
  const answer = await fetch(`/api/v1/devices/${device}/series?span=${place.dataset.span}`);
  if (!answer.ok) return;
  const { series } = await answer.json();
  if (series.length) {
    place.replaceChildren();
    for (const one of series) add(one.name, one.unit, one.at, one.values);
  }
  const source = new EventSource(`/api/v1/events?device=${device}`);
  source.addEventListener("reading", (event) => take(JSON.parse(event.data)));
  source.addEventListener("open", () => { said.textContent = "Live: new readings appear by themselves."; });
  source.addEventListener("error", () => { said.textContent = "Not live: the server does not answer; trying again."; });
  addEventListener("pagehide", () => source.close());
  new ResizeObserver(() => {
    for (const { chart } of charts.values()) chart.setSize({ width: width(), height: 240 });
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const { chart } of charts.values()) chart.redraw(false, true);
  });
}

if (place && globalThis.uPlot) begin().catch(() => { said.textContent = "Not live."; });
