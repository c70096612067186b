import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { ClientView, PendingWrite } from './client.ts';
import type { Counter, Document, Flag, GCounter, Handle, MvRegister, Register, SharedMap, SharedSet } from './document.ts';
import { toJson } from './json.ts';
import type { OriginLag } from './lag.ts';
import type { ClientSession } from './session-token.ts';
import { SmoothStatus } from './smooth.ts';
import type { Status } from './status.ts';
import { preventUnload } from './unload.ts';
import type { Value } from './values.ts';
import type { Rejection, Write } from './write.ts';

/*
 * Hooks over `useSyncExternalStore`: what they return is the same object until it changes, so nothing renders that shows the same, and no
 * render sees two states of one step. There is no context: a component is given its client, or a handle. On a server they return what the
 * handle shows there.
 */

type Subscribe = (listener: () => void) => () => void;

function useShown<T>(subscribe: Subscribe, read: () => T): T {
  return useSyncExternalStore(subscribe, read, read);
}

/** Renders again when the object shows something else. */
function useHandle<T>(handle: Handle, read: () => T): T {
  return useShown(
    useCallback((listener) => handle.subscribe(listener), [handle]),
    read,
  );
}

/** What is there while a component is: opened when it mounts, closed when it unmounts. */
export type Opened<C extends ClientView = ClientView> =
  | { readonly client: C; readonly error: undefined }
  | { readonly client: undefined; readonly error: unknown };

const OPENING = { client: undefined, error: undefined } as const;

/**
 * Opens a client when the component mounts and closes it when it unmounts; a mount that React repeats at once (StrictMode) gets the same client. The function
 * is called again when something in `inputs` changes. On a server nothing is opened.
 */
export function useDocument<C extends ClientView>(open: () => Promise<C>, inputs: readonly unknown[]): Opened<C> {
  const [opened, show] = useState<Opened<C>>(OPENING);
  const latest = useRef(open);
  latest.current = open;
  const held = useRef<Held<C> | undefined>(undefined);
  const key = JSON.stringify(inputs);
  useEffect(() => {
    let isMine = true;
    let mine = held.current;
    if (mine?.key !== key || mine.isClosed) {
      show(OPENING);
      mine = held.current = { key, client: latest.current(), users: 0, isClosed: false };
    }
    const { client } = mine;
    mine.users++;
    client.then(
      (opened) => isMine && show({ client: opened, error: undefined }),
      (error: unknown) => isMine && show({ client: undefined, error }),
    );
    return () => {
      isMine = false;
      mine.users--;
      // React unmounts and mounts again in one turn when it only looks whether a component survives that.
      setTimeout(() => {
        if (!mine.users && !mine.isClosed) {
          mine.isClosed = true;
          client.then((opened) => opened.close()).catch(() => undefined);
        }
      });
    };
  }, [key]);
  return opened;
}

interface Held<C> {
  readonly key: string;
  readonly client: Promise<C>;
  users: number;
  isClosed: boolean;
}

/** All that the document, or a map in it, shows, as a plain value; the same one until something in it changes. */
export function useDoc(from: Document | SharedMap): Value {
  const cache = useRef<{ from: SharedMap; value: Value } | undefined>(undefined);
  const subscribe = useCallback(
    (listener: () => void) =>
      from.subscribe(() => {
        cache.current = undefined;
        listener();
      }),
    [from],
  );
  return useShown(subscribe, () => {
    if (cache.current?.from !== from) {
      cache.current = { from, value: toJson(from) };
    }
    return cache.current.value;
  });
}

/** The value of a counter. */
export function useCounter(counter: GCounter | Counter): number {
  return useHandle(counter, () => counter.value);
}

/** The elements of a set, or the values of a register that shows all concurrent ones. */
export function useSet<T extends Value>(set: SharedSet<T> | MvRegister<T>): readonly T[] {
  return useHandle(set, () => set.values);
}

/** The value of a register, undefined while it is empty. */
export function useRegister<T extends Value>(register: Register<T>): T | undefined {
  return useHandle(register, () => register.value);
}

/** Whether a flag is on. */
export function useFlag(flag: Flag): boolean {
  return useHandle(flag, () => flag.value);
}

/**
 * The status of a client. With `smooth`, its `sync` shows what has lasted a second, for at least half a second; refusals, and writes that wait for somebody to
 * act, show at once.
 */
export function useSyncStatus(client: ClientView, { smooth = false }: { readonly smooth?: boolean } = {}): Status {
  const actual = useShown(
    useCallback((listener) => client.onStatus(listener), [client]),
    () => client.status,
  );
  const [smoothed, show] = useState(actual);
  const view = useRef<{ client: ClientView; status: SmoothStatus } | undefined>(undefined);
  useEffect(() => {
    if (!smooth) {
      return undefined;
    }
    if (view.current?.client !== client) {
      view.current = { client, status: new SmoothStatus(actual.sync) };
    }
    const { status } = view.current;
    let timer: ReturnType<typeof setTimeout> | undefined;
    status.accept(actual, Date.now());
    const draw = (): void => {
      const sync = status.at(Date.now());
      show((before) => (JSON.stringify({ ...actual, sync }) === JSON.stringify(before) ? before : { ...actual, sync }));
      if (status.due < Infinity) {
        timer = setTimeout(draw, Math.max(0, status.due - Date.now()));
      }
    };
    draw();
    return () => clearTimeout(timer);
  }, [client, actual, smooth]);
  return smooth ? smoothed : actual;
}

const NONE: readonly PendingWrite[] = [];

/** The writes of a client that await their verdict, oldest first. */
export function usePending(target: ClientView): readonly PendingWrite[];
/** The latest write on an object, or on an element of a set, that awaits its verdict. */
export function usePending(target: Handle, element?: Value): Write | undefined;
export function usePending(target: ClientView | Handle, element?: Value): readonly PendingWrite[] | Write | undefined {
  const isClient = 'onWrite' in target;
  const cache = useRef<{ target: unknown; pending: readonly PendingWrite[] }>({ target: undefined, pending: NONE });
  const [, renew] = useState(0);
  const subscribe = useCallback(
    (listener: () => void): (() => void) => {
      if ('onWrite' in target) {
        const stops = [target.onWrite(listener), target.onStatus(listener)];
        return () => stops.forEach((stop) => stop());
      }
      return target.subscribe(listener);
    },
    [target],
  );
  const read = (): readonly PendingWrite[] | Write | undefined => {
    if (!('onWrite' in target)) {
      return element === undefined || !('pendingFor' in target) ? target.pending : (target as SharedSet).pendingFor(element);
    }
    const now = target.pending();
    const { target: of, pending } = cache.current;
    if (of !== target || now.length !== pending.length || now.some(({ write }, i) => write !== pending[i]!.write)) {
      cache.current = { target, pending: now };
    }
    return cache.current.pending;
  };
  const shown = useShown(subscribe, read);
  const write = isClient ? undefined : (shown as Write | undefined);
  // A verdict that changes nothing to see makes no change of the object, but ends the write.
  useEffect(() => write?.onState(() => renew((count) => count + 1)), [write]);
  return shown;
}

/** Writes that were not accepted, until they are retried or discarded. */
export function useRejections(client: ClientView): readonly Rejection[] {
  return useShown(
    useCallback(
      (listener) => {
        const stops = [client.onRejected(listener), client.onStatus(listener)];
        return () => stops.forEach((stop) => stop());
      },
      [client],
    ),
    () => client.rejections,
  );
}

/** How late the changes of each other server come, as the session of a client has been told; the same array until the server tells of another. */
export function useLag(session: ClientSession): readonly OriginLag[] {
  return useShown(
    useCallback((listener) => session.onLag(listener), [session]),
    () => session.lag,
  );
}

/**
 * Has the browser ask before the page goes, as long as something could be lost: a write that does not survive a reload. What is saved locally waits for the
 * next visit and is no reason to ask.
 */
export function usePreventUnload(client: ClientView): void {
  useEffect(() => preventUnload(client), [client]);
}
