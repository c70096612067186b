/** Caches whose entries are replicas: fed by changes instead of emptied, and honest to sessions. */
@NullMarked
package dev.rejoin.consistency.cache;

import org.jspecify.annotations.NullMarked;
