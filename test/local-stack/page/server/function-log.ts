import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Visit } from '../model.ts';

const Line = z.looseObject({ timestamp: z.string(), execution: z.string() });

/** What the functions of an execution logged while it was in one state. Their lines name the execution. */
export const logOf = (directory: string, executionArn: string, visit: Visit): string[] => {
  const until = visit.leftAt ?? Number.POSITIVE_INFINITY;
  return linesIn(join(directory, 'functions.log')).filter((line) => {
    const { success, data } = Line.safeParse(parsedLine(line));
    if (!success || data.execution !== executionArn) return false;
    const at = Date.parse(data.timestamp);
    return at >= visit.enteredAt && at <= until;
  });
};

/** None before the first function was called. */
const linesIn = (file: string): string[] => {
  closeSync(openSync(file, 'a'));
  return readFileSync(file, 'utf8').split('\n');
};

const parsedLine = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};
