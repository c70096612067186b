// What the numbers in a script stand for. Pools.java holds the same lists in the same order.

export const TEXTS = ['a', 'b', 'xy', 'hello ', '\n', 'é', '日本語', 'word', '0123456789', ' ', 'zzz', 'ß→', '😀', 'a😀b', '👩‍👧']
export const PLAIN_TEXTS = 12 // the rest has surrogate pairs

export const KEYS = ['k', 'l', 'key', '', '10', '2', 'é']

export const NAMES = ['p', 'div', 'H1', 'é']

// null: leave the attributes out
export const ATTRIBUTES = [
  null,
  {},
  { b: true },
  { b: null },
  { i: true },
  { b: true, i: null },
  { c: 'red' },
  { c: 'blue' },
  { c: null },
  { b: true, i: true, c: 'red' },
  { a: { href: 'x' } },
  { a: { href: 'y' } },
  { a: null, b: null, c: null, i: null },
  { b: false },
  { n: 1.5 },
  { n: 7, b: true }
]

export const EMBEDS = [{ image: 'u' }, { a: [1, 2] }, {}, { n: null, s: 'ü' }]

const values = [
  null,
  true,
  false,
  0,
  1,
  -1,
  63,
  64,
  -64,
  2147483647,
  -2147483647,
  -2147483648,
  2147483648,
  1099511627776,
  16777217,
  9007199254740992,
  9007199254740991,
  -9007199254740991,
  -0,
  1.5,
  0.1,
  NaN,
  Infinity,
  1e300,
  -1e-7,
  '',
  'a',
  'héllo',
  '日本',
  '😀',
  new Uint8Array([]),
  new Uint8Array([1, 2, 255]),
  [],
  [1, [2, 'x', null]],
  {},
  { a: 1, b: { c: [true] } },
  { 10: 1, b: 2, 2: 3 },
  'long '.repeat(60),
  [1152921504606846976n, undefined],
  { u: undefined, n: -5n }
]
export const LIST_VALUES = values.length

// only a map takes these
export const VALUES = [...values, undefined, 36893488147419103n, -1n]

export const XML_VALUES = ['v', '', 'a b', 'é', 3, 'x']
