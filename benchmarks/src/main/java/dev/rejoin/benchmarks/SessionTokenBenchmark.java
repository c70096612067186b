package dev.rejoin.benchmarks;

import dev.rejoin.consistency.session.Freshness;
import dev.rejoin.consistency.session.Origins;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.SessionGuard;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.consistency.session.Watermark;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What does a read pay for its session: is this token satisfied here, and reading the token from its header first? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class SessionTokenBenchmark {
    @Param({"1", "5", "16"})
    int servers;

    private SessionGuard guard;
    private SessionToken token;
    private String text;

    /** The replica holds exactly what the session has seen, so that every entry is compared. */
    @Setup
    public void setUp() {
        PositionVector version = PositionVector.EMPTY;
        for (int i = 0; i < servers; i++) {
            version = version.with(Position.of((i + 1) * 0x9E3779B97F4A7C15L, 100_000 + i));
        }
        guard = new SessionGuard(
                "notes/1",
                7,
                new Watermark(version, 10),
                Freshness.UNKNOWN,
                Origins.NONE,
                (millis, task) -> () -> {},
                () -> 0,
                outcome -> {});
        token = SessionToken.ofRead("notes/1", 7, version).forOthers();
        text = token.text();
    }

    @Benchmark
    public boolean satisfied() {
        return guard.isSatisfied(token);
    }

    @Benchmark
    public boolean parsedAndSatisfied() {
        return guard.isSatisfied(SessionToken.parse(text));
    }
}
