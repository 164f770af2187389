# Run by SQLite's testfixture: all files of one of the suite's collections, each in an interpreter of its own, as
# permutations.test does, with a word to whoever runs it after each file.
#
#   testfixture sqlite-suite.tcl TEST-DIRECTORY COLLECTION ENDED GO-ON
#
# COLLECTION as permutations.test knows it: veryquick, quick, wal, ...
# ENDED, GO-ON: named pipes. The name of a file that has ended is written to the one; a line from the other begins the next.

lassign $argv testdir collection ended_pipe go_on_pipe
set argv0 $testdir/$collection.test
set argv {}
source $testdir/permutations.test

set ::ended [open $ended_pipe w]
fconfigure $::ended -buffering line
set ::go_on [open $go_on_pipe r]
rename slave_test_file file_of_the_suite
proc slave_test_file {file} {
  file_of_the_suite $file
  puts $::ended [file rootname [file tail $file]]
  gets $::go_on
}

run_test_suite $collection
finish_test
