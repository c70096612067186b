/** JMH benchmarks, one question per file. */
@NullMarked
package dev.rejoin.benchmarks;

import org.jspecify.annotations.NullMarked;
