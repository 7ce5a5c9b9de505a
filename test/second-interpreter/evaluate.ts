import { createInterface } from 'node:readline';
import { compiled } from '../support/expressions.ts';

/** Evaluates expressions for replay.py: a line of JSON in, a line of JSON out. */
for await (const line of createInterface({ input: process.stdin })) {
  const { expression, times } = JSON.parse(line) as { expression: string; times: number[] };
  let read = 0;
  const millis = () => {
    const time = times[Math.min(read, times.length - 1)] ?? 0;
    read += 1;
    return time;
  };
  try {
    const value = await compiled(expression).evaluate(undefined, { millis });
    // An expression that comes to nothing has no value.
    console.log(JSON.stringify({ value, read, isNothing: value === undefined }));
  } catch (error) {
    console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error), read }));
  }
}
