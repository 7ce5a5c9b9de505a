import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Megabytes, by part of the stack; and how many processes the functions have, of which the emulator keeps what it once needed. */
export type Memory = Readonly<
  Record<'stand-ins' | 'ministack' | 'database' | 'functions' | 'processes of functions', number>
>;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly kilobytes: number;
  readonly command: string;
}

/** What this process and all below it use. */
export const memoryOfStack = async (): Promise<Memory> => {
  const processes = await listProcesses();
  const memory = { 'stand-ins': 0, ministack: 0, database: 0, functions: 0, 'processes of functions': 0 };
  for (const one of processes) {
    if (!isBelow(one, process.pid, processes)) continue;
    const part = partOf(one);
    memory[part] += one.kilobytes / 1024;
    if (part === 'functions') memory['processes of functions'] += 1;
  }
  return memory;
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

const partOf = ({ pid, command }: Process): keyof Memory => {
  if (pid === process.pid) return 'stand-ins';
  if (command.includes('guarded-ministack.py')) return 'ministack';
  if (command.includes('secantus-server.py')) return 'database';
  return 'functions';
};
