import { bundle } from '../../../infra/build/bundle.ts';

/** Set in all processes of one run of vitest, whose global setup has bundled what they deploy. */
const DONE = 'DOCDB_ROTATION_BUNDLED';

/** Makes the bundles as the sources are now, unless this run of tests has made them. */
export const bundleOnce = async (): Promise<void> => {
  if (process.env[DONE] === undefined) await bundle();
};

/** Makes them for this process and those that it starts: nothing they bundle changes meanwhile. */
export const bundleForAll = async (): Promise<void> => {
  await bundleOnce();
  process.env[DONE] = 'yes';
};
