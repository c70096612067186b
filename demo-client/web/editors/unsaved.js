// Underlines in CodeMirror what is not on the server's disk.
import { StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView } from '@codemirror/view';

const setRanges = StateEffect.define();
const unsaved = Decoration.mark({ class: 'unsaved' });

/** The extension that holds the marks. */
export const unsavedMarks = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    const told = transaction.effects.find((effect) => effect.is(setRanges));
    return told ? Decoration.set(told.value.map(({ index, length }) => unsaved.range(index, index + length))) : marks.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Keeps the marks of an editor as `saves` says. */
export function markUnsaved(view, saves, text) {
  const show = () => view.dispatch({ effects: setRanges.of(saves.pendingRanges(text)) });
  saves.onChange(show);
  show();
}
