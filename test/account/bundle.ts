import { join } from 'node:path';
import { bundleHandlers } from '../../infra/build/bundle.ts';
import { DIST } from '../../infra/dist-folder.ts';
import { bundleOnce } from '../local-stack/deployment/bundled.ts';

const ACCOUNT = join(DIST, 'account');
const PROBER = join(import.meta.dirname, 'prober');

/** Where the kit's own functions are built. */
export const PROBER_BUNDLE = join(ACCOUNT, 'prober');
export const SCRIPTED_ROTATION_BUNDLE = join(ACCOUNT, 'scripted-rotation');

/** Builds the functions of the rotation and of the kit. */
export const bundleKit = async (): Promise<void> => {
  const own = bundleHandlers(
    [
      { in: join(PROBER, 'handler.ts'), out: join('prober', 'index') },
      { in: join(PROBER, 'scripted-rotation.ts'), out: join('scripted-rotation', 'index') },
    ],
    ACCOUNT,
  );
  await Promise.all([bundleOnce(), own]);
};

if (import.meta.main) await bundleKit();
