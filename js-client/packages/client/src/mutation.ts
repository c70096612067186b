import { decodeValue, encodeValue, identityOf, type Value } from './values.ts';

/** Names of the types, by their code. */
export const TYPE_LABELS = ['', 'gcounter', 'counter', 'register', 'mvregister', 'set', 'rwset', 'flag', 'dwflag', 'map'] as const;

export type ObjectType = Exclude<(typeof TYPE_LABELS)[number], ''>;

export type Op = 'add' | 'remove' | 'increment' | 'reset' | 'set' | 'clear' | 'enable' | 'disable';

/** One typed change: what a write wants to do to one object. */
export interface Mutation {
  readonly path: readonly string[];
  readonly type: ObjectType;
  readonly op: Op;
  /** The element, amount, key or register value; null where the operation needs none. */
  readonly value: Value;
}

export const encodeMutations = encodeValue as unknown as (mutations: readonly Mutation[]) => Uint8Array;

export const decodeMutations = decodeValue as unknown as (bytes: Uint8Array) => readonly Mutation[];

/** What it is about, in a form that begins with the form of all that this is a part of. */
export function subjectOf({ path, type, op, value }: Mutation): string {
  const parts = path.map(identityOf);
  if (type !== 'map') {
    parts.push(type);
  }
  if (op === 'add' || op === 'remove') {
    parts.push(identityOf(value));
  }
  return JSON.stringify(parts).slice(0, -1);
}
