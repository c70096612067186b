/** The delta log: what was acknowledged survives. */
@NullMarked
package dev.rejoin.server.storage;

import org.jspecify.annotations.NullMarked;
