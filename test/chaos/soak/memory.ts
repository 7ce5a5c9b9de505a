import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export const MEMORY_PARTS = [
  'stand-ins',
  'objects of the stand-ins',
  'ministack',
  'database',
  'a function, on average',
  'processes of functions',
] as const;

/**
 * Megabytes, by part of the stack. Of the stand-ins, which are this process, also what is left once all garbage was
 * collected. The number of the functions' processes is that which the emulator keeps warm.
 */
export type Memory = Readonly<Record<(typeof MEMORY_PARTS)[number], number>>;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly kilobytes: number;
  readonly command: string;
}

/** What this process and all below it use. */
export const memoryOfStack = async (): Promise<Memory> => {
  collectGarbage();
  const objects = process.memoryUsage().heapUsed / 1024 ** 2;
  const all = await listProcesses();
  const below = all.filter((one) => isBelow(one, process.pid, all));
  const functions = below.filter((one) => partOf(one) === 'functions');
  const of = (part: Part): number =>
    below.reduce((sum, one) => sum + (partOf(one) === part ? one.kilobytes / 1024 : 0), 0);
  return {
    'stand-ins': of('stand-ins'),
    'objects of the stand-ins': objects,
    ministack: of('ministack'),
    database: of('database'),
    'a function, on average': of('functions') / Math.max(1, functions.length),
    'processes of functions': functions.length,
  };
};

/** Node gives it away only to who asks with a flag, which may come late, in a context made after it. */
const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
};

const listProcesses = async (): Promise<Process[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=,rss=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, kilobytes, command] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return command
      ? [{ pid: Number(pid), parent: Number(parent), kilobytes: Number(kilobytes), command }]
      : [];
  });
};

const isBelow = (one: Process, ancestor: number, processes: readonly Process[]): boolean => {
  if (one.pid === ancestor) return true;
  const parent = processes.find(({ pid }) => pid === one.parent);
  return parent !== undefined && isBelow(parent, ancestor, processes);
};

type Part = 'stand-ins' | 'ministack' | 'database' | 'functions' | 'tools';

const partOf = ({ pid, command }: Process): Part => {
  if (pid === process.pid) return 'stand-ins';
  if (command.includes('guarded-ministack.py')) return 'ministack';
  if (command.includes('secantus-server.py')) return 'database';
  return command.includes('runtime-client.mjs') ? 'functions' : 'tools';
};
