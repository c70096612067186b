import { expect, test } from 'vitest';
import { OperationTimes } from '../src/times.ts';

test('nothing is said before five have been measured', () => {
  const times = new OperationTimes();
  [2_100, 2_200, 2_300, 2_900].forEach((millis) => times.record('save', millis));
  expect([times.usually('save'), times.expected('save')]).toEqual(['', undefined]);
  times.record('save', 2_400);
  expect([times.usually('save'), times.expected('save'), times.slowAfter('save')]).toEqual(['usually 2–3 s', 2_300, 2_900]);
});

test('what is said follows a server that has become slower', () => {
  const times = new OperationTimes();
  for (let i = 0; i < 64; i++) times.record('save', 300);
  expect(times.usually('save')).toBe('usually under 1 s');
  for (let i = 0; i < 64; i++) times.record('save', 4_200);
  expect(times.usually('save')).toBe('usually 4–5 s');
});

test('of a promise only success counts, and kinds are bounded', async () => {
  let now = 0;
  const times = new OperationTimes(() => now);
  const refused = Promise.reject(new Error('refused'));
  for (let i = 0; i < 5; i++) times.follow('save', Promise.resolve());
  times.follow('save', refused);
  now = 1_700;
  await new Promise((resolve) => setTimeout(resolve));
  expect(times.slowAfter('save')).toBe(1_700);
  for (let i = 0; i < 256; i++) times.record(`kind ${i}`, 1);
  expect(times.expected('save')).toBeUndefined();
});
