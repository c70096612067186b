/** Waiting until a read model that knows nothing of positions shows a write. */
@NullMarked
package dev.rejoin.consistency.probe;

import org.jspecify.annotations.NullMarked;
