package dev.rejoin.client.outbox;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.document.Document;
import java.util.List;
import org.junit.jupiter.api.Test;

class SavedFormerTest {
    private static final ReplicaId SELF = ReplicaId.of(9);
    private static final ReplicaId FORMER = ReplicaId.of(8);
    private static final Delta MILK = Document.builder()
            .replica(FORMER)
            .build()
            .set("tags", ValueCodec.STRING)
            .add("milk");

    private static Mutation tag(Mutation.Op op, String element) {
        return new Mutation(List.of("tags"), ObjectType.OR_SET, op, element);
    }

    /** One of this client's, at one dot. */
    private static SavedWrite write(long dot, Mutation... mutations) {
        byte[] fragment = Delta.voided(SELF, dot, dot).encode();
        return new SavedWrite(dot, dot, 0, fragment, Mutation.encodeAll(List.of(mutations)), 0, List.of(), false);
    }

    /** The milk, issued again at dot 5. */
    private static List<SavedFormer> again() {
        return List.of(SavedFormer.of(FORMER, write(1), MILK, 5, true));
    }

    private static Delta unwanted(List<SavedFormer> all) {
        return all.get(0).unwanted();
    }

    @Test
    void whatWasIssuedAgainAndAcceptedStandsInTheirPlace() {
        assertEquals(MILK, unwanted(SavedFormer.after(again(), write(5, tag(Mutation.Op.ADD, "milk")), true)));
    }

    @Test
    void whatWasIssuedAgainAndRefusedDoesNotAndALaterRemovalTakesOffTheFormer() {
        List<SavedFormer> refused = SavedFormer.after(again(), write(5, tag(Mutation.Op.ADD, "milk")), false);
        assertEquals(Delta.EMPTY, unwanted(refused));
        Mutation removal = tag(Mutation.Op.REMOVE, "milk");
        assertEquals(Delta.EMPTY, unwanted(SavedFormer.after(refused, write(6, removal), false)));
        assertEquals(Delta.EMPTY, unwanted(SavedFormer.after(refused, write(6, tag(Mutation.Op.REMOVE, "tea")), true)));
        assertEquals(MILK, unwanted(SavedFormer.after(refused, write(6, removal), true)));
    }

    @Test
    void whatStandsWithoutEffectInThePlaceOfAWriteDoesNotStandForIt() {
        assertEquals(Delta.EMPTY, unwanted(SavedFormer.after(again(), write(5), true)));
    }

    @Test
    void anEarlierRemovalTakesNothingOff() {
        assertEquals(
                Delta.EMPTY, unwanted(SavedFormer.after(again(), write(4, tag(Mutation.Op.REMOVE, "milk")), true)));
    }

    @Test
    void whatMayNotBeTakenOffIsNotTriedAgain() {
        byte[] removal =
                Delta.voided(FORMER, 1, 1).join(Delta.voided(SELF, 7, 7)).encode();
        SavedWrite takesOff = new SavedWrite(7, 7, 0, removal, Mutation.encodeAll(List.of()), 0, List.of(), false);
        assertEquals(1, SavedFormer.after(again(), takesOff, true).size());
        assertEquals(List.of(), SavedFormer.after(again(), takesOff, false));
    }
}
