package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

/** What rooms say reaches the loops of the sockets in few tasks and in order. */
class CrossingTest {
    private final List<Runnable> tasks = new ArrayList<>();
    private final List<Runnable> others = new ArrayList<>();
    private final List<String> heard = new ArrayList<>();
    private final Executor here = tasks::add;
    private final Executor there = others::add;

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
}
