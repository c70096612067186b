/** Stock editors of the Yjs world, unmodified and each in a process of its own, against servers. */
@NullMarked
package dev.rejoin.conformance.editors;

import org.jspecify.annotations.NullMarked;
