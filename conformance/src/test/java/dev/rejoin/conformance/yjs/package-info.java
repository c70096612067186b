/** Our Yjs engine against stock yjs: equal bytes, equal order, equal content, and hostile input. */
@NullMarked
package dev.rejoin.conformance.yjs;

import org.jspecify.annotations.NullMarked;
