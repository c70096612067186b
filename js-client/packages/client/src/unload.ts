import type { ClientView } from './client.ts';

/**
 * Has the browser ask before the page goes, as long as something could be lost: a pending write that is not saved locally. What is saved locally waits for the
 * next visit and is no reason to ask. Returns how to stop that. Where there is no page it does nothing.
 */
export function preventUnload(client: ClientView): () => void {
  const ask = (event: Event): void => {
    if (couldLose(client)) {
      event.preventDefault();
    }
  };
  // Only while there is something to ask for: a page with such a listener is not kept for going back.
  let asks = false;
  const look = (): void => {
    const wants = couldLose(client);
    if (wants !== asks) {
      asks = wants;
      if (wants) {
        globalThis.addEventListener?.('beforeunload', ask);
      } else {
        globalThis.removeEventListener?.('beforeunload', ask);
      }
    }
  };
  const stops = [client.onStatus(look), client.onWrite(look)];
  look();
  return () => {
    stops.forEach((stop) => stop());
    globalThis.removeEventListener?.('beforeunload', ask);
  };
}

/** Whether a pending write would end with the page. */
export function couldLose(client: ClientView): boolean {
  return client.pending().some(({ write }) => write.state === 'local' || !client.status.savesLocally);
}
