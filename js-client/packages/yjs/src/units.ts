import type * as Y from 'yjs';

/** Units of one client: `from` to before `to`. */
export interface Units {
  client: number;
  from: number;
  to: number;
}

/** A set of units by client, each a list of disjoint ranges. */
export type UnitSet = Map<number, [from: number, to: number][]>;

type Deletions = Pick<Y.Transaction['deleteSet'], 'clients'>;

export function unitsOf({ clients }: Deletions): Units[] {
  return [...clients].flatMap(([client, items]) => items.map(({ clock, len }) => ({ client, from: clock, to: clock + len })));
}

export function add(set: UnitSet, all: Units[]): void {
  subtract(set, all);
  for (const { client, from, to } of all) {
    const ranges = set.get(client);
    if (ranges) {
      ranges.push([from, to]);
    } else {
      set.set(client, [[from, to]]);
    }
  }
}

export function subtract(set: UnitSet, all: Units[]): void {
  for (const { client, from, to } of all) {
    const ranges = set.get(client);
    const left = ranges?.flatMap(([a, b]): [number, number][] =>
      b <= from || a >= to ? [[a, b]] : ([[a, from], [to, b]] as [number, number][]).filter(([x, y]) => x < y),
    );
    if (left?.length) {
      set.set(client, left);
    } else if (ranges) {
      set.delete(client);
    }
  }
}
