import { createAdaptorServer } from '@hono/node-server';
import { Invocations } from '../../chaos/faults/invocations.ts';
import type { LocalStack, LocalStackOptions, Undo } from '../deployment/index.ts';
import type { Overview } from './model.ts';
import { Breakpoints } from './server/breakpoints.ts';
import { Broadcast } from './server/broadcast.ts';
import { bundleClient } from './server/client-bundle.ts';
import { ExecutionsWatch } from './server/executions-watch.ts';
import { FaultSwitches } from './server/fault-switches.ts';
import { newToken } from './server/guard.ts';
import { routesOf } from './server/routes.ts';
import { type SecretListener, SecretWatch } from './server/secret-watch.ts';
import { startExecution } from './server/start-request.ts';
import { extendTimeLimits } from './server/time-limits.ts';

const LOOPBACK = '127.0.0.1';

export interface Page {
  /** With the token behind its #, where no request carries it. */
  readonly url: string;
  readonly server: ReturnType<typeof createAdaptorServer>;
  /** Resolves when someone has opened the page. */
  readonly opened: Promise<void>;
}

/** What a stack is to be started with so that a page can be opened on it. */
export interface PreparedPage {
  readonly options: Pick<LocalStackOptions, 'functionEnvironment'>;
  open(stack: LocalStack): Promise<Page>;
}

/** A page to watch, break and step through the executions of a local stack. */
export const preparePage = async (undo: Undo): Promise<PreparedPage> => {
  const invocations = await Invocations.listen();
  undo.add(() => invocations.stop());
  return {
    // The page logs in all the time: without TLS that takes half.
    options: { functionEnvironment: { INVOCATION_HOOK: invocations.url } },
    open: (stack) => openPage(stack, invocations, undo),
  };
};

const openPage = async (stack: LocalStack, invocations: Invocations, undo: Undo): Promise<Page> => {
  const [client] = await Promise.all([bundleClient(), extendTimeLimits(stack)]);
  const broadcast = new Broadcast();
  const watch = new ExecutionsWatch(stack);
  const secrets = new SecretWatch(stack);
  const faults = new FaultSwitches(stack);
  const breakpoints: Breakpoints = new Breakpoints({
    placeOf: watch.placeOf,
    // It may have ended in the same moment.
    stop: (arn) =>
      watch
        .of(watch.machineOf(arn) ?? 'rotation')
        .abort(arn)
        .catch(() => {}),
    kill: (invocation) => invocations.kill(invocation),
    changed: () => tellOverview(),
  });
  invocations.tell(breakpoints);
  const overview = (): Overview => ({
    executions: watch.executions,
    secrets: secrets.secrets,
    watched: secrets.watched,
    breakpoints: breakpoints.all,
    holds: breakpoints.holds,
    faults: faults.all,
  });
  const tellOverview = (): void => broadcast.tell({ kind: 'overview', overview: overview() });

  const token = newToken();
  let host = '';
  const start: Parameters<typeof routesOf>[0]['start'] = (request) => startExecution(stack, request);
  const parts = { client, broadcast, watch, breakpoints, faults, secrets, overview, token, start };
  const app = routesOf({ ...parts, host: () => host, directory: stack.directory });
  const server = createAdaptorServer({ fetch: app.fetch });
  host = await listening(server);
  undo.add(() => closed(server));
  undo.add(
    watch.start({
      listed: tellOverview,
      moved: (course) => broadcast.tell({ kind: 'course', course }),
      ended: (arn) => breakpoints.ended(arn),
    }),
  );
  const toSecrets: SecretListener = {
    changed: tellOverview,
    loggedIn: (secret, logins) => broadcast.tell({ kind: 'logins', secret, logins }),
  };
  undo.add(secrets.start(toSecrets, () => broadcast.isHeard));
  return { url: `http://${host}/#${token}`, server, opened: broadcast.heard };
};

const listening = async (server: Page['server']): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, LOOPBACK, resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the page has no port');
  return `${LOOPBACK}:${address.port}`;
};

const closed = async (server: Page['server']): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  if ('closeAllConnections' in server) server.closeAllConnections();
  await promise;
};
