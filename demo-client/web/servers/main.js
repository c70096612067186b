// Two servers, one document: a person at each, what lies between them, and a score of what users would complain about.
import { openPage } from '../pages.js';
import { showChart } from './chart.js';
import { openPane } from './pane.js';
import { openScore } from './score.js';
import { openStage } from './stage.js';

const name = openPage();
const stage = await openStage();
const score = openScore(name);
const guarantees = document.getElementById('guarantees');
const a = { label: 'server A', address: await stage.neighbour() };
const b = { label: 'server B', address: new URL('/', location.href) };

// How long server A has to be gone before the left side moves. Shorter than is good for anybody but an audience, unless the address says otherwise.
const moveAfter = 1_000 * Number(new URLSearchParams(location.search).get('move') ?? 4);

const left = await openPane({
  side: 'left',
  name,
  servers: [a, b],
  moveAfter,
  other: b,
  score,
  guarantees: () => guarantees.checked,
});
const right = await openPane({ side: 'right', name, servers: [b], score, guarantees: () => guarantees.checked });
left.seenBy(right.client);
right.seenBy(left.client);
score.compare(left, right, () => stage.isOpen(), () => stage.delay());
stage.obeyButtons(name);
showChart();
document.getElementById('try-forbidden').addEventListener('click', () => left.add('forbidden'));
// For the curious, in the console, and for tests.
window.rejoin = { stage, left, right, score };
