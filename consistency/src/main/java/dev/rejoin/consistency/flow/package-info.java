/** Which pattern a user flow follows, what it looks like, and what each failure says. */
@NullMarked
package dev.rejoin.consistency.flow;

import org.jspecify.annotations.NullMarked;
