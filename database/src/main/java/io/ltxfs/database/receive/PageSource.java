package io.ltxfs.database.receive;

import io.ltxfs.database.log.TransactionLog.PageVisitor;
import java.io.IOException;

/** The pages of a transaction, in ascending page number. May be asked more than once. */
@FunctionalInterface
public interface PageSource {
    /** Gives all pages to a visitor; the buffer holds exactly one page and may be reused. The checksum given is ignored. */
    void visit(PageVisitor visitor) throws IOException;
}
