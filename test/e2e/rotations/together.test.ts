/* In a whole run these are one file, with one stack: to start it and each function takes a dozen seconds of CPU. */
import './bad-input.test.ts';
import './pairs.test.ts';
import './check.test.ts';
import './downtime.test.ts';
