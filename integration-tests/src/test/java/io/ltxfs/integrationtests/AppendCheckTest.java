package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.Append.Outcome;
import io.ltxfs.integrationtests.AppendCheck.Row;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The checker notices what it is there for. */
final class AppendCheckTest {
    private static final Append FIRST = append(1, 10, 20, Outcome.OK);
    private static final Append SECOND = append(2, 30, 40, Outcome.OK);

    @Test
    void whatIsRightIsRight() {
        assertEquals(List.of(), AppendCheck.problems(List.of(FIRST, SECOND), List.of(row(1), row(2))));
    }

    @Test
    void whatWasAtTheSameTimeMayStandEitherWay() {
        Append atTheSameTime = append(2, 15, 40, Outcome.OK);
        assertEquals(List.of(), AppendCheck.problems(List.of(FIRST, atTheSameTime), List.of(row(2), row(1))));
    }

    @Test
    void whatIsMissingIsNoticed() {
        assertProblem("acknowledged and missing", List.of(FIRST, SECOND), List.of(row(1)));
    }

    @Test
    void whatIsThereTwiceIsNoticed() {
        assertProblem("is there twice", List.of(FIRST), List.of(row(1), row(1)));
    }

    @Test
    void whatWasRefusedAndIsThereIsNoticed() {
        assertProblem("refused and there", List.of(append(1, 10, 20, Outcome.REFUSED)), List.of(row(1)));
    }

    @Test
    void whatNobodyAppendedIsNoticed() {
        assertProblem("nobody appended", List.of(FIRST), List.of(row(1), row(7)));
    }

    @Test
    void anOrderThatDoesNotFitRealTimeIsNoticed() {
        assertProblem("stands behind it", List.of(FIRST, SECOND), List.of(row(2), row(1)));
    }

    @Test
    void anUnknownOutcomeMayBeThereOrNot() {
        List<Append> appends = List.of(append(1, 10, 20, Outcome.UNKNOWN), SECOND);
        assertEquals(List.of(), AppendCheck.problems(appends, List.of(row(2))));
        assertEquals(List.of(), AppendCheck.problems(appends, List.of(row(2), row(1))));
    }

    @Test
    void aReadOfWhatWasUndoneIsCounted() {
        AppendRead right = new AppendRead(0, "n1", 1, 2, 1, 0, 1);
        AppendRead stray = new AppendRead(0, "n1", 1, 2, 1, 0, 2);
        assertEquals(List.of(stray), AppendCheck.strayReads(List.of(right, stray), List.of(row(1), row(2))));
    }

    private static void assertProblem(String what, List<Append> appends, List<Row> rows) {
        List<String> problems = AppendCheck.problems(appends, rows);
        assertTrue(problems.size() == 1 && problems.get(0).contains(what), problems::toString);
    }

    private static Append append(long number, long begun, long ended, Outcome outcome) {
        return new Append(0, number, "n1", begun, ended, outcome, "-");
    }

    private static Row row(long number) {
        return new Row(0, number);
    }
}
