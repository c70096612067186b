/** The assembled server: configuration, entry point, wiring, lifecycle and health. */
@NullMarked
package dev.rejoin.server;

import org.jspecify.annotations.NullMarked;
