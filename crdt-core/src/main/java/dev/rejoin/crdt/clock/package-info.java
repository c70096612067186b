/** Names and order of events: replicas, dots, causal contexts, and clocks. */
@NullMarked
package dev.rejoin.crdt.clock;

import org.jspecify.annotations.NullMarked;
