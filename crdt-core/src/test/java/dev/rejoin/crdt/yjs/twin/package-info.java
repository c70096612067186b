/** A naive document of single units that does what the YATA paper says, to hold the engine to it. */
package dev.rejoin.crdt.yjs.twin;
