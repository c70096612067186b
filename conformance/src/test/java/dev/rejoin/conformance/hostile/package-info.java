/** Peers that mean harm, against a server that is a process of its own with little memory. */
@NullMarked
package dev.rejoin.conformance.hostile;

import org.jspecify.annotations.NullMarked;
