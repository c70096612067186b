// New documents draw a client id, which scripts replace by their own: the kernel need not be asked for it. To be imported
// before yjs.
import { webcrypto } from 'node:crypto'

webcrypto.getRandomValues = values => values.map(() => Math.random() * 4294967296)
