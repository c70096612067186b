import { Saves, type SavesOptions } from './saves.ts';
import type { HocuspocusProvider, YWebsocketProvider } from './providers.ts';

export type { Discard, HocuspocusProvider, YWebsocketProvider } from './providers.ts';
export type { Rejection } from './rejection.ts';
export type { Range, Saves, SavesOptions } from './saves.ts';
export type { Units } from './units.ts';

/**
 * Tells what of a document is on the server's disk. The provider stays as it is and in use; to be called before it has connected, or as soon as there is one.
 */
export function savesOf(provider: YWebsocketProvider | HocuspocusProvider, options: SavesOptions = {}): Saves {
  return new Saves(provider, options);
}

/** Has the browser ask before the page is left while something is unsaved, and only then; returns what ends that. */
export function preventUnload(saves: Saves, page: Window = window): () => void {
  const ask = (event: BeforeUnloadEvent) => {
    if (saves.unsaved) {
      event.preventDefault();
    }
  };
  page.addEventListener('beforeunload', ask);
  return () => page.removeEventListener('beforeunload', ask);
}
