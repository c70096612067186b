/** Binding of the server's counters to Micrometer. */
@NullMarked
package dev.rejoin.server.metrics;

import org.jspecify.annotations.NullMarked;
