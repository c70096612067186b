/** The Yjs-compatible document engine: shared text, arrays, maps and XML that speak Yjs' bytes. */
@NullMarked
package dev.rejoin.crdt.yjs;

import org.jspecify.annotations.NullMarked;
