import { z } from 'zod';

/** What npm writes of each package: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json */
const LockFile = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      link: z.boolean().optional(),
      inBundle: z.boolean().optional(),
      hasInstallScript: z.boolean().optional(),
    }),
  ),
});

const Manifest = z.object({ allowScripts: z.record(z.string(), z.boolean()) });

const REGISTRY = 'https://registry.npmjs.org/';

/**
 * What a lock file lets happen that no one has agreed to: a package that may be another one tomorrow, one that does not come from
 * the registry, or one that runs a script when it is installed.
 *
 * @param lock the text of package-lock.json
 * @param manifest the text of package.json
 */
export const problemsOf = (lock: string, manifest: string): string[] => {
  const { packages } = LockFile.parse(JSON.parse(lock));
  const { allowScripts } = Manifest.parse(JSON.parse(manifest));
  return Object.entries(packages).flatMap(([path, one]) => {
    if (path === '') return [];
    const name = path.split('node_modules/').at(-1) ?? path;
    // What a package brings along in its own file is covered by the hash of that file.
    const isHashed = one.inBundle === true || /^sha512-[A-Za-z0-9+/]{86}==$/.test(one.integrity ?? '');
    const isFromRegistry = one.link !== true && (one.resolved ?? REGISTRY).startsWith(REGISTRY);
    return [
      ...(isHashed ? [] : [`${path} has no SHA-512`]),
      ...(isFromRegistry ? [] : [`${path} does not come from the registry`]),
      ...(one.hasInstallScript !== true || allowScripts[name] === true
        ? []
        : [`${path} runs a script when it is installed, which allowScripts in package.json does not allow`]),
    ];
  });
};
