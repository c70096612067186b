// Reading through the other server, as a page that is loaded anew, a second service, or a colleague with a link would. With the guarantees the
// read carries the session token of what this side has written; without them it takes whatever the other server has. An old answer is shown as one.
import { pathOf } from './stage.js';

/** How old, in whole seconds; the server says so in milliseconds, or not at all if nobody can tell. */
const ageOf = (millis) => (millis === null ? 'Old, nobody can tell how much' : `${Math.ceil(Number(millis) / 1_000)} s old`);

export function showReading({ client, session, name, other, part, score, guarantees }) {
  const note = part('read-note');
  part('reading').hidden = false;

  const read = async () => {
    const own = client.document.set('items').values.filter((item) => !client.document.set('items').pendingFor(item));
    const headers = {};
    if (guarantees()) {
      headers['Session-Token'] = session.token;
      headers.Consistency = 'SESSION';
      // who takes an old answer does not want to wait long for a new one
      headers.Prefer = part('lenient').checked ? 'wait=1, handling=lenient' : 'wait=5';
    }
    const began = performance.now();
    delete note.dataset.outcome;
    const answer = await fetch(new URL(pathOf(name), other.address), { headers, cache: 'no-store' });
    const millis = Math.round(performance.now() - began);
    if (!answer.ok && answer.status !== 404) {
      const problem = await answer.json();
      note.textContent = `${problem.title ?? 'Not answered'} (${problem.code ?? answer.status}, ${millis} ms)`;
      part('answer').replaceChildren();
      return;
    }
    const items = answer.ok ? ((await answer.json()).items ?? []) : [];
    // what somebody has taken off meanwhile, on either side, is not missing
    const missing = own.filter((item) => !items.includes(item) && score.isPromised(item));
    const outcome = answer.headers.get('Consistency-Outcome') ?? 'local';
    if (missing.length > 0 && outcome !== 'stale') missing.forEach((item) => score.stale(item));
    const gap = `${missing.length === 1 ? `“${missing[0]}” is` : `${missing.length} things are`} missing: ${other.label} has not heard of it yet.`;
    note.dataset.outcome = outcome;
    note.textContent =
      outcome === 'stale'
        ? `${ageOf(answer.headers.get('Staleness-Ms'))}, and says so. ${missing.length > 0 ? gap : `${other.label} has not heard of all that this side has seen.`}`
        : missing.length > 0
        ? gap
        : `All there, ${outcome === 'pulled' ? `pulled from server A in ${millis} ms` : `${outcome === 'waited' ? 'after waiting ' : 'in '}${millis} ms`}.`;
    part('answer').replaceChildren(
      ...items.map((item) => {
        const line = document.createElement('li');
        line.textContent = String(item);
        return line;
      }),
    );
  };
  part('read').addEventListener('click', () =>
    read().catch((failure) => {
      note.textContent = `${other.label} does not answer: ${failure.message}`;
    }),
  );
}
