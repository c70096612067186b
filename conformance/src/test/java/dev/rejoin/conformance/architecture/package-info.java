/** The sentences of the floor plan, stated as tests over the class files of every module. */
@NullMarked
package dev.rejoin.conformance.architecture;

import org.jspecify.annotations.NullMarked;
