package io.ltxfs.integrationtests;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A test that mounts: skipped without root or {@code /dev/fuse}, except in CI, where it has to run. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RealMount.Condition.class)
@interface RealMount {

    /** Decides it. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            String missing = !"root".equals(System.getProperty("user.name"))
                    ? "real mounts need root"
                    : Files.exists(Path.of("/dev/fuse")) ? "" : "real mounts need /dev/fuse";
            if (missing.isEmpty() || inCi()) {
                return ConditionEvaluationResult.enabled("root and /dev/fuse, or CI");
            }
            return ConditionEvaluationResult.disabled(missing + ": run 'sudo ./test'");
        }

        /** Whether nothing may be skipped. */
        static boolean inCi() {
            return "true".equals(System.getenv("CI"));
        }
    }
}
