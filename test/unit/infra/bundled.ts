import { bundle } from '../../../infra/build/bundle.ts';

/** The stack deploys bundles; vitest runs this once before the tests that synthesize it. */
export const setup = async (): Promise<void> => {
  await bundle();
};
