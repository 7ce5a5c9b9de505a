import { bundleForAll } from './bundled.ts';

/** Tests deploy bundles, or look at them; vitest runs this before the first of a run, once for each project that has some. */
export const setup = bundleForAll;
