/** The Java client against the real server. */
@NullMarked
package dev.rejoin.conformance.client;

import org.jspecify.annotations.NullMarked;
