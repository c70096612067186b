package dev.rejoin.crdt;

/** The numbers of the payload kinds in the binary format. */
final class Kind {

    static final int VALUE = 1;
    static final int STAMPED = 2;
    static final int AMOUNT = 3;
    static final int TALLY = 4;
    static final int ABSENT = 5;
    static final int EXTENDED = 7;

    static final int EXTENDED_BASELINE = 1;
    static final int EXTENDED_FOLD = 2;

    private Kind() {}

    static int of(Object payload) {
        if (payload instanceof Stamped) {
            return STAMPED;
        }
        if (payload instanceof Tally) {
            return TALLY;
        }
        if (payload instanceof Amount) {
            return AMOUNT;
        }
        if (payload instanceof Absent) {
            return ABSENT;
        }
        if (payload instanceof Baseline || payload instanceof Fold || payload instanceof Opaque) {
            return EXTENDED;
        }
        return VALUE;
    }

    /** Returns whether an object of this type may hold a cell with this payload. */
    static boolean admits(int typeCode, Object payload) {
        ObjectType type = ObjectType.ofCode(typeCode);
        if (type == null || payload instanceof Opaque) {
            return true;
        }
        switch (type) {
            case GCOUNTER:
                return payload instanceof Amount a && a.n() > 0
                        || payload instanceof Tally t && t.n() == 0
                        || payload instanceof Fold f && f.n() == 0
                        || payload instanceof Baseline b && b.entries().stream().allMatch(entry -> entry.n() == 0);
            case PNCOUNTER:
                return payload instanceof Amount
                        || payload instanceof Tally
                        || payload instanceof Fold
                        || payload instanceof Baseline;
            case LWW_REGISTER:
                return payload instanceof Stamped;
            case MV_REGISTER:
            case OR_SET:
                return of(payload) == VALUE;
            case RW_SET:
                return payload instanceof Absent || of(payload) == VALUE;
            case FLAG:
                return payload.equals(Boolean.TRUE);
            case DW_FLAG:
                return payload.equals(Boolean.TRUE)
                        || payload instanceof Absent a && a.value().equals(Boolean.TRUE);
            default:
                return false;
        }
    }
}
