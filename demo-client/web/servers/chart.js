// The lag from A to B as server B measures it when a change is applied, read from its metrics once a second, and the line at which the shipped
// alert fires. While nothing comes it grows.

const SECONDS = 60;
const ALARM_SECONDS = 5;
const WIDTH = 600;
const HEIGHT = 120;
const SVG = 'http://www.w3.org/2000/svg';
const METRIC = /^rejoin_replication_lag_seconds\{[^}]*\} (\S+)$/m;

export function showChart() {
  const chart = document.getElementById('chart');
  const output = document.getElementById('lag');
  const alarm = document.getElementById('alarm');
  const line = document.createElementNS(SVG, 'polyline');
  const limit = document.createElementNS(SVG, 'line');
  limit.setAttribute('class', 'limit');
  chart.append(limit, line);
  const lags = [];

  const draw = () => {
    const top = Math.max(2 * ALARM_SECONDS, ...lags) * 1.1;
    const y = (lag) => HEIGHT - (lag / top) * HEIGHT;
    for (const [name, value] of Object.entries({ x1: 0, x2: WIDTH, y1: y(ALARM_SECONDS), y2: y(ALARM_SECONDS) })) limit.setAttribute(name, value);
    line.setAttribute('points', lags.map((lag, i) => `${((SECONDS - lags.length + i) / (SECONDS - 1)) * WIDTH},${y(lag)}`).join(' '));
  };
  const look = async () => {
    const answer = await fetch('/metrics', { cache: 'no-store' });
    const lag = Number(METRIC.exec(await answer.text())?.[1]);
    // There is none as long as B follows nobody.
    if (!Number.isFinite(lag)) return;
    lags.push(lag);
    if (lags.length > SECONDS) lags.shift();
    output.textContent = `${lag.toFixed(1)} s`;
    const high = lag > ALARM_SECONDS;
    alarm.textContent = high ? 'Above 5 s: the alert fires after half a minute.' : '';
    chart.toggleAttribute('data-high', high);
    draw();
  };
  const again = () => look().catch(() => undefined).finally(() => setTimeout(again, 1_000));
  again();
}
