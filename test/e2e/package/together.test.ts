/* In a whole run these are one file, which builds and packs the package once. */
import './deployed.test.ts';
import './package.test.ts';
