import { pathToFileURL } from 'node:url';
import { LAMBDA_TIMEOUT_MS, MARGIN_MS } from './invoke-bundle.ts';

/** One invocation of a function, in a process of its own: the bundle's path and the event are its arguments. */
const [, , bundle = '', event = ''] = process.argv;
const { handler } = await import(pathToFileURL(bundle).href);

// The start counts for itself on Lambda too.
setTimeout(() => process.exit(1), LAMBDA_TIMEOUT_MS - MARGIN_MS).unref();
try {
  await handler(JSON.parse(event), { getRemainingTimeInMillis: () => LAMBDA_TIMEOUT_MS });
  process.send?.({});
} catch (error) {
  const { name, message } = error as Error;
  process.send?.({ error: { name, message } });
}
process.disconnect?.();
