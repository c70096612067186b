// The session of a side outlives its page: what the list shows was read somewhere, and until a server answers only the page before knows where.
import { sessionOf } from '../rejoin.js';

const KEPT = 'rejoin-demo:session:';

/** What a client has read and written, this page and those before it. To be called right after it is opened. */
export function openSession(client, name) {
  const session = sessionOf(client);
  try {
    session.observe(localStorage.getItem(KEPT + name) ?? '');
  } catch {
    localStorage.removeItem(KEPT + name); // of another version, or not from here
  }
  const keep = () => queueMicrotask(() => localStorage.setItem(KEPT + name, session.token));
  client.document.subscribe(keep);
  client.onWrite(keep);
  client.onStatus(keep);
  return session;
}
