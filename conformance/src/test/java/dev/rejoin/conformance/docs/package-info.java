/** The documentation, held to what it says: its examples run, its links lead somewhere, the names it mentions exist. */
@NullMarked
package dev.rejoin.conformance.docs;

import org.jspecify.annotations.NullMarked;
