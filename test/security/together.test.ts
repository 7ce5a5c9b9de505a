/* In a whole run these are one file, with one stack: to start it and each function takes a dozen seconds of CPU. */
import './hostile-values.test.ts';
import './hostile-front.test.ts';
// It has Secrets Manager behave in ways that the others do not know.
import './undocumented.test.ts';
