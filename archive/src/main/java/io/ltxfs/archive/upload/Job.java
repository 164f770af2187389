package io.ltxfs.archive.upload;

import io.ltxfs.database.feed.Transaction;
import java.util.List;

/** What is to be done next for a database. */
sealed interface Job {

    /** Put consecutive transactions of one page size. */
    record Changes(List<Transaction> transactions) implements Job {
        /** Copies the list. */
        public Changes {
            transactions = List.copyOf(transactions);
        }

        Transaction first() {
            return transactions.get(0);
        }

        Transaction last() {
            return transactions.get(transactions.size() - 1);
        }
    }

    /** Put a transaction that holds the whole database. */
    record Whole(Transaction transaction) implements Job {}

    /** Put the whole database as it is: the log does not have all that the archive lacks. */
    record Export() implements Job {}

    /** Note that the database was removed. */
    record Drop(Transaction transaction) implements Job {}

    /** The database is quiet: leave the archive as another writer wants to find it, and remember where it is. */
    record Rest() implements Job {}
}
