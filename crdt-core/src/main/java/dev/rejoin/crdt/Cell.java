package dev.rejoin.crdt;

/**
 * What one live dot holds.
 *
 * @param object the object it belongs to
 * @param payload a canonical value (kind VALUE), or one of {@link Stamped}, {@link Amount}, {@link Tally},
 *     {@link Absent}, {@link Baseline}, {@link Fold}, {@link Opaque}
 */
record Cell(ObjectKey object, Object payload) {}
