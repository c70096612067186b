/** The demo page in a real browser. */
@NullMarked
package dev.rejoin.conformance.browser;

import org.jspecify.annotations.NullMarked;
