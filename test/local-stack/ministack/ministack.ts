import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { AccessDecision } from '../iam/index.ts';
import { freePort } from './free-port.ts';

const GUARD = join(import.meta.dirname, 'guarded-ministack.py');
const START_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 2_000;

/** Where ministack keeps everything; it has no other account unless asked. */
export const ACCOUNT_ID = '000000000000';

export interface MinistackOptions {
  /** A Python that has ministack installed. */
  readonly python: string;
  /** A folder for its log and temporary files. */
  readonly directory: string;
  /**
   * Port on 127.0.0.1.
   *
   * @default - a free one
   */
  readonly port?: number;
  readonly region: string;
  /**
   * Multiplies the delays of Wait states and retries; 0 leaves none.
   *
   * @default 1
   */
  readonly waitScale?: number;
  /**
   * How many ended executions, events and streams of a log group it keeps; it forgets older ones, as AWS does after months.
   *
   * @default - all
   */
  readonly keepNewest?: number;
  /**
   * Where the functions' code is unpacked, and what Node.js compiles of it kept.
   *
   * @default - a folder of its own, and nothing is kept
   */
  readonly codeDirectory?: string;
}

export interface Ministack {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  /** What roles have asked of it so far, and whether they got it. */
  decisions(): AccessDecision[];
  stop(): Promise<void>;
}

const Decision = z.object({
  role: z.string(),
  action: z.string(),
  resource: z.string(),
  allowed: z.boolean(),
});

/**
 * Starts ministack, which emulates the AWS services that the stack is deployed to. Loopback only. A function may do
 * what the policies of its role allow; the one who comes with the keys `test` is the account's root user.
 */
export const startMinistack = async (options: MinistackOptions): Promise<Ministack> => {
  // The one who else listens there could pass for ours.
  const port = await freePort(options.port);
  const url = `http://127.0.0.1:${port}`;
  const temporary = join(options.directory, 'tmp');
  await mkdir(temporary, { recursive: true });
  const logFile = join(options.directory, 'ministack.log');
  const log = openSync(logFile, 'a');
  const decisionsFile = join(options.directory, 'access-decisions.log');
  const child = spawn(options.python, ['-u', GUARD], {
    stdio: ['pipe', log, log],
    // A process group of its own, with the functions' processes in it.
    detached: true,
    env: {
      PATH: process.env.PATH,
      HOME: options.directory,
      TMPDIR: temporary,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      // These two listeners mind no BIND_HOST: they would be open to the network.
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      AWS_ENDPOINT_URL: url,
      AUTH: 'true',
      ACCESS_DECISIONS_FILE: decisionsFile,
      MINISTACK_REGION: options.region,
      MINISTACK_ACCOUNT_ID: ACCOUNT_ID,
      SFN_WAIT_SCALE: String(options.waitScale ?? 1),
      ...(options.keepNewest === undefined ? {} : { KEEP_NEWEST: String(options.keepNewest) }),
      ...(options.codeDirectory === undefined ? {} : keptIn(options.codeDirectory)),
    },
  });
  closeSync(log);
  const stop = () => end(child);
  try {
    await answering(url, child, logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, port, pid: child.pid ?? 0, logFile, decisions: () => decisionsIn(decisionsFile), stop };
};

const keptIn = (directory: string) => ({
  CODE_DIRECTORY: directory,
  // The functions' processes have it from there.
  NODE_COMPILE_CACHE: join(directory, 'compiled'),
});

const decisionsIn = (file: string): AccessDecision[] => {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => Decision.parse(JSON.parse(line)));
};

const answering = async (url: string, child: ChildProcess, logFile: string): Promise<void> => {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let failed: Error | undefined;
  child.once('error', (error) => {
    failed = error;
  });
  while (Date.now() < deadline) {
    if (failed) throw failed;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`ministack ended while starting:\n${tail(logFile)}`);
    }
    const ready = await fetch(`${url}/_ministack/health`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    }).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await sleep(50);
  }
  throw new Error(`ministack did not answer on ${url} in ${START_TIMEOUT_MS / 1000} s:\n${tail(logFile)}`);
};

/** Ends the whole process group: ministack by itself would first wait for its functions, some of which wait for minutes. */
const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await exited;
};

const tail = (file: string): string => readFileSync(file, 'utf8').split('\n').slice(-20).join('\n');
