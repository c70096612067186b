/** Documents: named objects and content that speaks Yjs, under one transaction, one version and one subscription. */
@NullMarked
package dev.rejoin.crdt.document;

import org.jspecify.annotations.NullMarked;
