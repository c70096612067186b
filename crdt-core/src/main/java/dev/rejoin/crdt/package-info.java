/** The replicated types and the one dotted kernel under them. */
@NullMarked
package dev.rejoin.crdt;

import org.jspecify.annotations.NullMarked;
