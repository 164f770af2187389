package io.ltxfs.node.cli;

import io.ltxfs.objectstore.json.Json;
import java.io.PrintWriter;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The option of commands that show something: one JSON document instead of text for people. */
public final class Report {
    @Option(names = "--json", description = "Print one JSON document.")
    boolean json;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    /** Whether JSON is wanted. */
    public boolean json() {
        return json;
    }

    /** Prints a document as JSON, or what {@code people} prints. */
    public void print(Object document, Consumer<PrintWriter> people) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.print(Json.writePretty(document));
        } else {
            people.accept(out);
        }
        out.flush();
    }
}
