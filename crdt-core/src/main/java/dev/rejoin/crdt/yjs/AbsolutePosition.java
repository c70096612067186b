package dev.rejoin.crdt.yjs;

/**
 * A place in a list as it is now.
 *
 * @param type the type
 * @param index the index, from 0 to the length
 * @param assoc whether the place belongs to what is after it (0 and above) or before it
 */
public record AbsolutePosition(YType type, int index, int assoc) {}
