/** The sync server under measurement, beside other servers and beside the least that any server has to do. */
@NullMarked
package dev.rejoin.benchmarks.server;

import org.jspecify.annotations.NullMarked;
