/** The server as a process of its own, for tests that kill, starve or attack it, and what lies on the way to it. */
@NullMarked
package dev.rejoin.conformance.process;

import org.jspecify.annotations.NullMarked;
