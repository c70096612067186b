// The reference side of the differential tests: stock yjs as a child process. What a script's numbers mean is in
// operations.mjs.
import './ids.mjs'
import { apply, compare, runScript } from './replica.mjs'
import { serve } from './serve.mjs'
import vm from 'node:vm'
import * as Y from 'yjs'

// some bytes keep yjs busy for ever, and the answer to them is that it took too long
const call = new vm.Script('globalThis.task()')
const bounded = (task, timeout) => {
  globalThis.task = task
  call.runInThisContext({ timeout })
}

const versions = [
  {
    merge: Y.mergeUpdates,
    diff: Y.diffUpdate,
    stateVector: Y.encodeStateVectorFromUpdate,
    convert: Y.convertUpdateFormatV1ToV2
  },
  {
    merge: Y.mergeUpdatesV2,
    diff: Y.diffUpdateV2,
    stateVector: Y.encodeStateVectorFromUpdateV2,
    convert: Y.convertUpdateFormatV2ToV1
  }
]

serve({
  // script, what the other side gave, how much is asked, how things look there → what it produced
  0: (body, out) => runScript(body.ints(), body.blobs(), body.byte(), body.ints(), out),
  // version, updates → one
  1: (body, out) => out.blob(versions[body.byte()].merge(body.blobs())),
  // version, update, state vector → update
  2: (body, out) => out.blob(versions[body.byte()].diff(body.blob(), body.blob())),
  // version, update → state vector
  3: (body, out) => out.blob(versions[body.byte()].stateVector(body.blob())),
  // version, update → the other version
  4: (body, out) => out.blob(versions[body.byte()].convert(body.blob())),
  // gc, v2 flags, updates, milliseconds → description of the document they make
  5: (body, out) => {
    const given = [body.byte() === 1, body.ints(), body.blobs()]
    bounded(() => apply(...given, out), body.int())
  },
  // two groups of updates: the documents they make must have one description
  6: (body, out) => compare(body.ints(), body.blobs(), body.ints(), body.blobs(), out),
  // snapshot version, bytes → re-encoded
  7: (body, out) =>
    out.blob(
      body.byte() === 0 ? Y.encodeSnapshot(Y.decodeSnapshot(body.blob())) : Y.encodeSnapshotV2(Y.decodeSnapshotV2(body.blob()))
    ),
  // relative position → re-encoded
  8: (body, out) => out.blob(Y.encodeRelativePosition(Y.decodeRelativePosition(body.blob()))),
  // state vector → entries
  9: (body, out) => {
    const entries = [...Y.decodeStateVector(body.blob())].sort((a, b) => a[0] - b[0])
    out.text(entries.map(([client, clock]) => client + ':' + clock).join(','))
  }
})
