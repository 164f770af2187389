package io.ltxfs.node;

import io.ltxfs.node.cli.Cli;
import io.ltxfs.node.guard.GuardMain;
import java.util.Arrays;
import java.util.List;

/** The command {@code ltxfs}. */
public final class Main {
    private Main() {}

    /** Runs the command that the arguments name. {@code run} goes straight to the guard, which loads no libraries. */
    public static void main(String[] args) throws InterruptedException {
        List<String> words = Arrays.asList(args);
        int code;
        if (!words.isEmpty() && words.get(0).equals("run") && !GuardMain.asksForHelp(words.subList(1, words.size()))) {
            code = GuardMain.run(words.subList(1, words.size()), Main.class);
        } else {
            code = Cli.run(args);
        }
        System.exit(code);
    }
}
