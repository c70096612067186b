/** How stock Yjs providers frame their messages: y-websocket and Hocuspocus. */
@org.jspecify.annotations.NullMarked
package dev.rejoin.sync.dialect;
