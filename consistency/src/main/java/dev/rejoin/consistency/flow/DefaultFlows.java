package dev.rejoin.consistency.flow;

import static dev.rejoin.consistency.flow.FlowAction.CLOSE;
import static dev.rejoin.consistency.flow.FlowAction.COPY;
import static dev.rejoin.consistency.flow.FlowAction.DISCARD;
import static dev.rejoin.consistency.flow.FlowAction.EDIT;
import static dev.rejoin.consistency.flow.FlowAction.KEEP_MINE;
import static dev.rejoin.consistency.flow.FlowAction.KEEP_THEIRS;
import static dev.rejoin.consistency.flow.FlowAction.RELOAD;
import static dev.rejoin.consistency.flow.FlowAction.REQUEST_ACCESS;
import static dev.rejoin.consistency.flow.FlowAction.RETRY;
import static dev.rejoin.consistency.flow.FlowAction.REVIEW;
import static dev.rejoin.consistency.flow.FlowAction.SAVE_COPY;
import static dev.rejoin.consistency.flow.FlowAction.SIGN_IN;
import static dev.rejoin.consistency.flow.FlowAction.UNDO;

import dev.rejoin.consistency.session.ReadLevel;
import java.time.Duration;

/** Flows that most applications have, and a message for every code of this project: a start, to be changed by {@link FlowPolicies#toBuilder}. */
public final class DefaultFlows {
    private DefaultFlows() {}

    /** The flows and messages. Each call makes the same. */
    public static FlowPolicies policies() {
        FlowPolicies.Builder all = FlowPolicies.builder();
        writes(all);
        reads(all);
        announcements(all);
        sessions(all);
        servers(all);
        return all.build();
    }

    private static void writes(FlowPolicies.Builder all) {
        all.flow(FlowPolicy.of("favourite", Pattern.OPTIMISTIC)
                .failure("forbidden", "Could not add to favourites.", UNDO, RETRY)
                .build());
        all.flow(FlowPolicy.of("like counter", Pattern.OPTIMISTIC)
                .failure("overloaded", "Will be sent later.")
                .build());
        all.flow(FlowPolicy.of("settings", Pattern.OPTIMISTIC)
                .failure("superseded", "Changed by {by} a moment ago.", KEEP_THEIRS, KEEP_MINE)
                .build());
        all.flow(FlowPolicy.of("cart", Pattern.PINNED_VIEW)
                .failure("bound-exceeded", "Only {count} left.", EDIT)
                .build());
        all.flow(FlowPolicy.of("transfer", Pattern.PESSIMISTIC)
                .pending("In progress, usually {usual}")
                .slow("This takes longer than usual. We are checking.")
                .failure("unknown-outcome", "We do not know yet whether it went through. We are checking.")
                .build());
        all.flow(FlowPolicy.of("shared text", Pattern.SHARED_EDITING)
                .failure("content-rejected", "This was not accepted. Your draft is beside the text.", EDIT, DISCARD)
                .build());
        all.flow(FlowPolicy.of("comment", Pattern.OPTIMISTIC)
                .pending("Sending …")
                .failure("forbidden", "Not sent.", RETRY, DISCARD)
                .build());
        all.flow(FlowPolicy.of("delete document", Pattern.PESSIMISTIC)
                .pending("Deleting")
                .slow("Not deleted yet.")
                .failure("superseded", "{by} has changed it in the meantime.", REVIEW)
                .build());
    }

    private static void reads(FlowPolicies.Builder all) {
        all.flow(FlowPolicy.of("list after adding", Pattern.SESSION_READ)
                .saved(Acknowledgement.NONE)
                .timeout(Duration.ofMillis(100))
                .slow("Refreshing …")
                .failure("session-not-satisfied", "Refreshing …", RETRY)
                .build());
        all.flow(FlowPolicy.of("search after adding", Pattern.AWAIT_VISIBLE)
                .saved(Acknowledgement.NONE)
                .timeout(Duration.ofSeconds(15))
                .slow("New items may take a few seconds to be found.")
                .build());
        all.flow(FlowPolicy.of("dashboard", Pattern.BOUNDED_STALENESS)
                .saved(Acknowledgement.NONE)
                .reads(ReadLevel.boundedStaleness(Duration.ofSeconds(30)))
                .pending("As of {time}")
                .failure("too-stale", "These numbers are {lag} old.", RETRY)
                .build());
    }

    private static void announcements(FlowPolicies.Builder all) {
        all.flow(FlowPolicy.of("back after days offline", Pattern.REVIEW)
                .pending("{count} changes from {time}: merge, look at them, or discard?")
                .build());
        all.flow(FlowPolicy.of("access changed while editing", Pattern.ANNOUNCED)
                .failure(
                        "forbidden",
                        "{count} changes are not saved: you may no longer edit this.",
                        COPY,
                        REQUEST_ACCESS)
                .build());
        all.flow(FlowPolicy.of("deleted by someone", Pattern.ANNOUNCED)
                .failure("document-deleted", "{by} has deleted this.", SAVE_COPY, CLOSE)
                .build());
    }

    private static void sessions(FlowPolicies.Builder all) {
        all.message("session-not-satisfied", "Your latest changes are on their way here.", RETRY);
        all.message(
                "session-lost-writes",
                "A server has lost changes that were saved. What this device still has is sent again.",
                REVIEW);
        all.message("equivocation", "A copy of this device has written something else.", RELOAD, SAVE_COPY);
        all.message("epoch-changed", "This document was restored or created anew.", RELOAD, SAVE_COPY);
        all.message("too-stale", "What is shown is {lag} old.", RETRY);
        all.message("origins-unreachable", "Not all servers can be reached.", RETRY);
        all.message("pin-expired", "This view is too old. Show what is new.", RELOAD);
        all.message("too-many-pins", "Too many views are kept. Close one.", CLOSE);
        all.message("token-invalid", "Reload the page to go on.", RELOAD);
        all.message("superseded", "{by} has changed this.", KEEP_THEIRS, KEEP_MINE);
        all.message("unknown-outcome", "We do not know yet whether this was saved.", REVIEW);
        all.message("voided", "This was not accepted.", EDIT, DISCARD);
        all.message("dependency-rejected", "This belongs to something that was not accepted.", RETRY, DISCARD);
        all.message("document-deleted", "This document was deleted.", SAVE_COPY, CLOSE);
        all.message("content-rejected", "This was not accepted.", EDIT, DISCARD);
        all.message("bound-exceeded", "This is more than there is.", EDIT);
        all.message("clock-skew", "The clock of this device is wrong. Set it, and try again.", RETRY);
        all.message("unobserved-removal", "This could not be saved.", RELOAD);
        all.message("document-full", "This document is full.", EDIT);
        all.message("validator-failed", "This could not be checked, and is not saved.", RETRY, DISCARD);
        all.message("read-only", "You may not edit this.", COPY, REQUEST_ACCESS);
    }

    private static void servers(FlowPolicies.Builder all) {
        all.message("protocol-error", "Something went wrong.", RELOAD);
        all.message("malformed", "Something went wrong.", RELOAD);
        all.message("needs-auth", "Please sign in again. Your changes are kept.", SIGN_IN);
        all.message("forbidden", "You may not do this.", REQUEST_ACCESS);
        all.message("bad-document-name", "There is no such document.", CLOSE);
        all.message("replica-conflict", "This device was copied. Its changes are sent under a new name.", REVIEW);
        all.message("lease-elsewhere", "This is at another server now. Your changes are sent there.", REVIEW);
        all.message("session-replaced", "This is open in another window.", RELOAD);
        all.message("lineage-mismatch", "This document was created anew.", RELOAD, SAVE_COPY);
        all.message("too-large", "This is too large.", EDIT);
        all.message("upgrade-required", "Reload the page to get the new version. Your changes are kept.", RELOAD);
        all.message("too-many-in-flight", "Too much at once. Reload the page.", RELOAD);
        all.message("overloaded", "The server is busy. Your changes are kept and sent later.");
        all.message("timeout", "The server does not answer. Your changes are kept and sent later.");
        all.message("document-corrupt", "This document cannot be read at the moment. Your changes are kept.", RETRY);
        all.message("store-down", "Nothing can be saved at the moment. Your changes are kept and sent later.");
        all.message("shutting-down", "The server restarts. Your changes are kept and sent later.");
    }
}
