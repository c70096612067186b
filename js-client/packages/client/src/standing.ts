import type { OriginLag } from './lag.ts';
import { decodePositions, NOWHERE, union, type Positions } from './token.ts';
import { fieldsOf, message } from './wire.ts';

/* What frames of a server say of where it stands among the servers of its cluster; the core reads the rest of them. */

const NOBODY_CAN_TELL = 0xffff_ffff;

/** What came of a question; of the token of the Hello, if the id is 0. An empty code: it shows. */
export interface Answer {
  readonly id: number;
  readonly code: string;
  /** How it came to be there: `local`, `waited` or `pulled`. */
  readonly path: string;
  /** With `session-lost-writes`: through here it is lost, */
  readonly lost: Positions;
  /** and through here, of these origins, it is not. */
  readonly surviving: Positions;
}

export interface Whereabouts {
  readonly kind: 'welcome' | 'update' | 'watermark' | 'other';
  /** Of a Welcome. */
  readonly epoch: bigint;
  readonly behind: boolean;
  /** What is shown: with the update that follows, in a Welcome. */
  readonly held: Positions;
  /** No log is left out of it. */
  readonly isAll: boolean;
  /** It brings what others did. */
  readonly changes: boolean;
  readonly lag: readonly OriginLag[];
  readonly answers: readonly Answer[];
}

const NOTHING: Whereabouts = { kind: 'other', epoch: 0n, behind: false, held: NOWHERE, isAll: false, changes: false, lag: [], answers: [] };

export function readWhereabouts(frame: Uint8Array): Whereabouts {
  const [[kind, [body]]] = fieldsOf(frame) as unknown as [[number, [Uint8Array]]];
  return message(body, (number, bytes, big) => {
    switch (kind) {
      case 1:
        return { ...NOTHING, ...standing(bytes(12), bytes(4)), kind: 'welcome', epoch: big(2), behind: number(13) > 0 };
      case 2:
        return { ...NOTHING, kind: 'update', held: union(decodePositions(bytes(6)), position(bytes(1))), changes: bytes(2).length > 0 };
      case 3:
        return { ...NOTHING, ...standing(bytes(3), bytes(1)), kind: 'watermark' };
      default:
        return NOTHING;
    }
  });
}

function standing(body: Uint8Array, at: Uint8Array): Pick<Whereabouts, 'held' | 'isAll' | 'lag' | 'answers'> {
  return message(body, (_, bytes, __, ___, all) => ({
    held: union(decodePositions(bytes(1)), position(at)),
    isAll: bytes(1).length > 0,
    lag: all(2).map(lagOf),
    answers: all(3).map((each) =>
      message(each, (number, bytes, _, text) => ({
        id: number(1),
        code: text(2),
        path: text(3),
        lost: decodePositions(bytes(4)),
        surviving: decodePositions(bytes(5)),
      })),
    ),
  }));
}

/** A position as a server has written it: field 1 the name of an opening of a log, field 2 a number. */
function position(bytes: Uint8Array): Positions {
  return message(bytes, (_, __, big) => (big(2) ? new Map([[big(1) >> 16n, big(2)]]) : NOWHERE));
}

function lagOf(bytes: Uint8Array): OriginLag {
  return message(bytes, (number, _, big) => ({
    origin: big(1).toString(16).padStart(12, '0'),
    lagMillis: number(2),
    p50Millis: number(3),
    p95Millis: number(4),
    ageMillis: number(5),
    uncertaintyMillis: number(6) === NOBODY_CAN_TELL ? Infinity : number(6),
    silent: number(7) > 0,
  }));
}
