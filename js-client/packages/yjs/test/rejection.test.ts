import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { forgetSteps, noticeOf, textOf } from '../src/rejection.ts';

const opened = () => {
  const doc = new Y.Doc();
  const text = doc.getText('t');
  text.insert(0, 'keep this');
  const manager = new Y.UndoManager(text, { captureTimeout: 10_000 });
  return { doc, text, manager, client: doc.clientID };
};

test('of a step that was refused in part the rest can be undone', () => {
  const { text, manager, client } = opened();
  text.insert(9, '!');
  text.delete(0, 5);
  expect(text.toString()).toBe('this!');
  expect(manager.undoStack.length).toBe(1);
  forgetSteps(manager, { code: '', message: '', refused: [], restored: [{ client, from: 0, to: 5 }], complete: true });
  manager.undo();
  expect(text.toString()).toBe('this');
});

test('a step of which nothing is left is gone, and the others are not', () => {
  const { text, manager, client } = opened();
  text.insert(0, 'ab');
  manager.stopCapturing();
  text.insert(2, 'forbidden');
  forgetSteps(manager, { code: '', message: '', refused: [{ client, from: 11, to: 20 }], restored: [], complete: true });
  expect(manager.undoStack.length).toBe(1);
  manager.undo();
  expect(text.toString()).toBe('forbiddenkeep this');
});

test('a notice that does not name all takes every step', () => {
  const { text, manager } = opened();
  text.insert(0, 'ab');
  forgetSteps(manager, { code: '', message: '', refused: [], restored: [], complete: false });
  expect(manager.canUndo()).toBe(false);
});

test('the text that was refused is what is still shown of it', () => {
  const { doc, text, client } = opened();
  text.delete(0, 1);
  expect(textOf(doc, [{ client, from: 0, to: 4 }, { client, from: 5, to: 7 }])).toBe('eepth');
  expect(textOf(doc, [{ client: client + 1, from: 0, to: 4 }])).toBe('');
});

test('messages of the application are no notices', () => {
  expect(noticeOf('hello')).toBeUndefined();
  expect(noticeOf('null')).toBeUndefined();
  expect(noticeOf('{"type":"rejected"}')).toBeUndefined();
  expect(noticeOf('{"type":"rejected","code":"c","message":"m","refused":[],"restored":[],"complete":true}')?.code).toBe('c');
});
