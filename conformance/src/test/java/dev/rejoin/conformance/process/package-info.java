/** The server as a process of its own, for tests that kill, starve or attack it. */
@NullMarked
package dev.rejoin.conformance.process;

import org.jspecify.annotations.NullMarked;
