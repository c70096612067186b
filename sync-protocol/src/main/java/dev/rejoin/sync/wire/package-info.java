/** Protobuf messages and the mapper between them and the model; the only package that knows protobuf. */
@NullMarked
package dev.rejoin.sync.wire;

import org.jspecify.annotations.NullMarked;
