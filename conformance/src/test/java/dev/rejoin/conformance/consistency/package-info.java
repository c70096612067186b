/** The consistency toolkit against the protocol, the codes and the documentation of the whole. */
@NullMarked
package dev.rejoin.conformance.consistency;

import org.jspecify.annotations.NullMarked;
