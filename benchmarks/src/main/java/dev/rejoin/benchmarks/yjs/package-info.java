/** The document engine under measurement: traces and their replay, one scenario per target, JMH benchmarks over them. */
@NullMarked
package dev.rejoin.benchmarks.yjs;

import org.jspecify.annotations.NullMarked;
