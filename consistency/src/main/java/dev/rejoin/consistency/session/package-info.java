/** Session guarantees over several servers: positions, tokens, and the guard that decides how a read is served. */
@NullMarked
package dev.rejoin.consistency.session;

import org.jspecify.annotations.NullMarked;
