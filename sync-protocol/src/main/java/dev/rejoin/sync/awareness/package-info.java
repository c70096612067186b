/** Presence: short-lived state of who is here, with expiry. */
@NullMarked
package dev.rejoin.sync.awareness;

import org.jspecify.annotations.NullMarked;
