package dev.rejoin.crdt.laws;

/** One cell of the twin: the object it belongs to and what it carries. */
record TwinCell(Address object, Payload payload) {}
