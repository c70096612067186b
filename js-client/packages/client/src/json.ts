import { GCounter, Flag, Handle, handleOf, MvRegister, Register, SharedMap, SharedSet } from './document.ts';
import { MAP } from './fragment.ts';
import { labelOf } from './store.ts';
import { canonical, compareText, type Value } from './values.ts';

/**
 * What an object shows, as a plain value: maps and documents with what is in them, counters as numbers, an empty register as
 * null. Where one name holds objects of several types, each stands under `name:type`.
 */
export function toJson(handle: Handle): Value {
  if (handle instanceof SharedMap) {
    const { store } = handle.doc;
    const children = [...handle.object.children.values()]
      .filter((child) => child.type <= MAP && store.present(child))
      .sort((a, b) => (a.key === b.key ? a.type - b.type : compareText(a.key, b.key)));
    const names = children.map(({ key }) => key);
    return Object.fromEntries(
      children.map((child) => {
        const twice = names.indexOf(child.key) !== names.lastIndexOf(child.key);
        return [twice ? `${child.key}:${labelOf(child)}` : child.key, toJson(handleOf(handle.doc, child))];
      }),
    );
  }
  if (handle instanceof GCounter) {
    return canonical(handle.exactValue as Value);
  }
  if (handle instanceof Register || handle instanceof Flag) {
    return handle.value ?? null;
  }
  return (handle as MvRegister | SharedSet).values;
}
