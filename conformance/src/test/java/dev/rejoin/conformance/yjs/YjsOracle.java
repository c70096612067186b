package dev.rejoin.conformance.yjs;

import dev.rejoin.conformance.process.NodePackage;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Stock yjs in a Node child, asked in batches. A child that hangs or dies is replaced, and its batch tried job by job. */
final class YjsOracle implements AutoCloseable {
    private static final long BATCH_SECONDS = 120;
    private static final long JOB_SECONDS = 30;

    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "yjs");
        thread.setDaemon(true);
        return thread;
    });
    private final Path folder;
    private final String program;
    private @Nullable Process child;
    private @Nullable DataOutputStream questions;
    private @Nullable DataInputStream answers;

    private YjsOracle(Path folder, String program) {
        this.folder = folder;
        this.program = program;
    }

    /** Name of the program that asks the pinned yjs 13. */
    static final String THIRTEEN = "oracle.mjs";

    static YjsOracle start(String program) {
        try {
            return new YjsOracle(NodePackage.installed("yjs"), program);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    Answer ask(Job job) {
        return ask(List.of(job)).get(0);
    }

    List<Answer> ask(List<Job> jobs) {
        try {
            return exchange(jobs, jobs.size() == 1 ? JOB_SECONDS : BATCH_SECONDS);
        } catch (IOException | TimeoutException failed) {
            stop();
            if (jobs.size() == 1) {
                return List.of(Answer.none(failed.toString()));
            }
            List<Answer> alone = new ArrayList<>();
            for (Job job : jobs) {
                alone.add(ask(job));
            }
            return alone;
        }
    }

    private List<Answer> exchange(List<Job> jobs, long seconds) throws IOException, TimeoutException {
        if (child == null) {
            child = new ProcessBuilder("node", "--max-old-space-size=1024", "--max-semi-space-size=64", program)
                    .directory(folder.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            questions = new DataOutputStream(new BufferedOutputStream(child.getOutputStream(), 1 << 16));
            answers = new DataInputStream(child.getInputStream());
        }
        DataOutputStream out = questions;
        DataInputStream in = answers;
        if (out == null || in == null) {
            throw new IOException("no child");
        }
        Callable<byte[]> call = () -> {
            int length = 4;
            for (Job job : jobs) {
                length += 5 + job.body().length;
            }
            out.writeInt(length);
            out.writeInt(jobs.size());
            for (Job job : jobs) {
                out.writeByte(job.kind());
                out.writeInt(job.body().length);
                out.write(job.body());
            }
            out.flush();
            byte[] answer = new byte[in.readInt()];
            in.readFully(answer);
            return answer;
        };
        try {
            return Answer.split(within(thread.submit(call), seconds), jobs);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof IOException io ? io : new IOException(failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }

    /** Second by second, so that time in which this whole process was stopped does not count. */
    private static byte[] within(Future<byte[]> answer, long seconds)
            throws ExecutionException, InterruptedException, TimeoutException {
        for (long second = 1; second < seconds; second++) {
            try {
                return answer.get(1, TimeUnit.SECONDS);
            } catch (TimeoutException notYet) {
                continue;
            }
        }
        return answer.get(1, TimeUnit.SECONDS);
    }

    private void stop() {
        if (child != null) {
            child.destroyForcibly();
            child = null;
        }
    }

    @Override
    public void close() {
        stop();
        thread.shutdownNow();
    }
}
