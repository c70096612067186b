import { decodeFragment, encodeFragment, sectionOf, type Section } from './fragment.ts';

export type Dot = readonly [replica: string, counter: number];

/** The fragment under other dots: its own ones and those that it removes. Nothing if one of them has no other name. */
export function renameDots(bytes: Uint8Array, rename: (replica: string, counter: number) => Dot | undefined): Uint8Array | undefined {
  const sections = new Map<string, Section>();
  for (const [replica, { claims, cells }] of decodeFragment(bytes)) {
    for (const [low, high] of claims) {
      for (let counter = low; counter <= high; counter++) {
        const dot = rename(replica, counter);
        if (!dot) {
          return undefined;
        }
        const [at, renamed] = dot;
        if (!sections.has(at)) {
          sections.set(at, sectionOf());
        }
        const section = sections.get(at)!;
        section.claims.add(renamed);
        const cell = cells.get(counter);
        if (cell) {
          section.cells.set(renamed, cell);
        }
      }
    }
  }
  return encodeFragment(sections);
}
