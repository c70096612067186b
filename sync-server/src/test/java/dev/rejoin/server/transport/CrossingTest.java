package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What rooms say reaches the loops of the sockets in few tasks and in order. */
class CrossingTest {
    private final List<Runnable> tasks = new ArrayList<>();
    private final List<Runnable> others = new ArrayList<>();
    private final List<String> heard = new ArrayList<>();
    private final Lane here = new Lane(tasks::add);
    private final Lane there = new Lane(others::add);

    private void run(List<Runnable> waiting) {
        List<Runnable> now = List.copyOf(waiting);
        waiting.clear();
        now.forEach(Runnable::run);
    }

    @Test
    void allThatOneTaskOfARoomSaysToALoopCrossesAsOneTask() {
        Crossing.gather(() -> {
            for (int i = 0; i < 100; i++) {
                Crossing.cross(here, () -> heard.add("word"));
            }
            assertEquals(0, tasks.size(), "crosses when the task has ended");
        });
        assertEquals(1, tasks.size());
        run(tasks);
        assertEquals(100, heard.size());
    }

    @Test
    void eachLoopHearsItsOwnInTheOrderInWhichItWasSaid() {
        Crossing.gather(() -> {
            Crossing.cross(here, () -> heard.add("a"));
            Crossing.cross(there, () -> heard.add("x"));
            Crossing.cross(here, () -> heard.add("b"));
        });
        Crossing.gather(() -> Crossing.cross(here, () -> heard.add("c")));
        assertEquals(2, tasks.size());
        run(tasks);
        assertEquals(List.of("a", "b", "c"), heard);
        run(others);
        assertEquals(List.of("a", "b", "c", "x"), heard);
    }

    @Test
    void aSessionThatFailsDoesNotKeepTheOthersFromHearing() {
        Crossing.gather(() -> {
            Crossing.cross(here, () -> {
                throw new IllegalStateException("on purpose");
            });
            Crossing.cross(here, () -> heard.add("still told"));
        });
        run(tasks);
        assertEquals(List.of("still told"), heard);
    }

    @Test
    void whatIsSaidOutsideOfATaskOfARoomCrossesAtOnce() {
        Crossing.cross(here, () -> heard.add("at once"));
        assertEquals(1, tasks.size());
    }

    @Test
    void whatIsRelayedKeepsItsPlaceAmongWhatElseIsSaid() {
        Crossing.gather(() -> {
            Crossing.cross(here, () -> heard.add("a"));
            Crossing.relay(here, frame -> heard.add("relayed " + frame.length), new byte[3]);
            Crossing.cross(here, () -> heard.add("b"));
            Crossing.relay(here, frame -> heard.add("relayed " + frame.length), new byte[4]);
        });
        Crossing.relay(here, frame -> heard.add("relayed " + frame.length), new byte[5]);
        assertEquals(2, tasks.size());
        run(tasks);
        assertEquals(List.of("a", "relayed 3", "b", "relayed 4", "relayed 5"), heard);
    }

    @Test
    void aListenerThatFailsDoesNotKeepTheOthersFromHearing() {
        Crossing.gather(() -> {
            Crossing.relay(
                    here,
                    frame -> {
                        throw new IllegalStateException("on purpose");
                    },
                    new byte[1]);
            Crossing.relay(here, frame -> heard.add("still told"), new byte[1]);
        });
        run(tasks);
        assertEquals(List.of("still told"), heard);
    }

    @Test
    void aFrameForManyCountsOnceOnItsWay() {
        byte[] frame = new byte[(int) Lane.HIGH_BYTES / 4];
        Crossing.gather(() -> {
            for (int i = 0; i < 300; i++) {
                Crossing.relay(here, each -> heard.add("told"), frame);
            }
        });
        assertTrue(here.hasRoom());
        assertEquals(300, delivered());
    }

    @Test
    void aLaneThatIsFullSaysSoUntilItHasDrainedAndThenOnce() {
        List<String> said = new ArrayList<>();
        Runnable asker = () -> said.add("drained");
        int frames = 0;
        while (here.hasRoom()) {
            Crossing.relay(here, frame -> heard.add("told"), new byte[1 << 20]);
            frames++;
        }
        assertTrue(there.hasRoom(), "another lane is not concerned");
        assertFalse(here.drainedOr(asker));
        assertFalse(here.drainedOr(asker));
        while (tasks.size() > 4) {
            tasks.remove(0).run();
            assertEquals(List.of(), said);
        }
        assertEquals(frames, delivered(), "nothing is lost");
        assertEquals(List.of("drained"), said);
        assertTrue(here.drainedOr(asker));
    }

    private int delivered() {
        run(tasks);
        return heard.size();
    }
}
