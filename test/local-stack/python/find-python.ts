import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const CANDIDATES = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3'];
const PROBE = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
const SUPPORTED = /^3\.1[0-3]$/;

/** No Python on this machine can run the local stack. */
export class PythonMissingError extends Error {
  override readonly name = 'PythonMissingError';

  constructor(tried: readonly string[]) {
    super(
      [
        'the local stack needs Python 3.10, 3.11, 3.12 or 3.13 with the venv module; tried:',
        ...tried.map((line) => `  ${line}`),
        'install one (on Debian and Ubuntu: apt-get install python3 python3-venv), or name one: PYTHON=/path/to/python',
      ].join('\n'),
    );
  }
}

/** The first supported Python that can make virtual environments. `PYTHON` names the only candidate. */
export const findPython = async (env: NodeJS.ProcessEnv): Promise<string> => {
  const candidates = env.PYTHON ? [env.PYTHON] : CANDIDATES;
  const tried: string[] = [];
  for (const candidate of candidates) {
    const problem = await problemOf(candidate, env);
    if (problem === undefined) return candidate;
    tried.push(`${candidate}: ${problem}`);
  }
  throw new PythonMissingError(tried);
};

const problemOf = async (python: string, env: NodeJS.ProcessEnv): Promise<string | undefined> => {
  try {
    const { stdout } = await run(python, ['-c', PROBE], { env });
    const version = stdout.trim();
    return SUPPORTED.test(version) ? undefined : `is Python ${version}`;
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    if (code === 'ENOENT') return 'not found';
    return stderr?.trim().split('\n').at(-1) || `ends with ${code}`;
  }
};
