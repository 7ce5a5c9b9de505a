// One start of a function: the bundle's path is the argument, and without one Node itself is what starts. Not TypeScript, since what
// takes its types off would count too.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The most so far. What getrusage tells begins with what the process that forked this one had. */
const peak = () => {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return process.memoryUsage.rss() / 1024;
  }
};

const [, , bundle] = process.argv;
if (bundle) await import(pathToFileURL(bundle).href);
process.send({ kilobytes: peak() });
process.disconnect();
// The SDK's clients keep nothing open, but a library may.
setImmediate(() => process.exit(0));
