import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { FAULT_SETTINGS, MACHINES, type MachineName, MOMENTS, type Overview, type Told } from '../model.ts';
import type { Breakpoints } from './breakpoints.ts';
import type { Broadcast } from './broadcast.ts';
import type { ClientBundle } from './client-bundle.ts';
import type { ExecutionsWatch } from './executions-watch.ts';
import type { FaultSwitches } from './fault-switches.ts';
import { logOf } from './function-log.ts';
import { onlyItsHost, onlyWithToken } from './guard.ts';
import { machineViews } from './machines.ts';
import type { SecretWatch } from './secret-watch.ts';
import { Start, type StartRequest } from './start-request.ts';

export interface PageParts {
  readonly token: string;
  readonly host: () => string;
  readonly client: ClientBundle;
  readonly directory: string;
  readonly broadcast: Broadcast;
  readonly watch: ExecutionsWatch;
  readonly breakpoints: Breakpoints;
  readonly faults: FaultSwitches;
  readonly secrets: SecretWatch;
  readonly overview: () => Overview;
  /** @returns the execution's ARN; none where Secrets Manager starts it */
  readonly start: (request: StartRequest) => Promise<string | undefined>;
}

const HTML = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>docdb-rotation</title>
<link rel="stylesheet" href="/client.css">
<div id="page"></div>
<script type="module" src="/client.js"></script>
</html>
`;

const Machine = z.enum(MACHINES);
const BreakpointBody = z.object({
  machine: Machine,
  state: z.string().max(100),
  moment: z.enum(MOMENTS),
  isOn: z.boolean(),
});
/** An error's name and a sentence: what Step Functions takes. */
const DecisionBody = z.discriminatedUnion('action', [
  z.object({ action: z.literal('continue') }),
  z.object({ action: z.literal('step') }),
  z.object({ action: z.literal('fail'), error: z.string().min(1).max(200), cause: z.string().max(2000) }),
  z.object({ action: z.literal('lose-reply') }),
  z.object({ action: z.literal('stop') }),
]);
/** `stepping`: it is held at its first function. */
const StartBody = z.object({ start: Start, stepping: z.boolean() });
const FaultBody = z.object({ setting: z.enum(FAULT_SETTINGS) });
const WatchedBody = z.object({ secret: z.string().max(600) });

const bodyOf = async <T>(context: Context, schema: z.ZodType<T>): Promise<T> =>
  schema.parse(await context.req.json());

/** What the page can ask and have done. */
export const routesOf = (parts: PageParts): Hono => {
  const app = new Hono();
  app.use(onlyItsHost(parts.host));
  app.get('/', (context) => context.html(HTML));
  app.get('/client.js', ({ body }) => body(parts.client.script, 200, { 'Content-Type': 'text/javascript' }));
  app.get('/client.css', ({ body }) => body(parts.client.style, 200, { 'Content-Type': 'text/css' }));
  app.use('/api/*', onlyWithToken(parts.token));
  addReading(app, parts);
  addExecutions(app, parts);
  addBreaking(app, parts);
  app.onError((error, context) =>
    error instanceof z.ZodError || error instanceof SyntaxError
      ? context.json({ message: 'the request is not what this page sends' }, 400)
      : context.json({ message: error.message }, 502),
  );
  return app;
};

const addReading = (app: Hono, { broadcast, overview, secrets }: PageParts): void => {
  app.get('/api/machines', async (context) => context.json(await machineViews()));
  app.get('/api/events', (context) =>
    streamSSE(context, async (stream) => {
      const { promise: gone, resolve } = Promise.withResolvers<void>();
      const write = (told: Told): void => {
        stream.writeSSE({ data: JSON.stringify(told) }).catch(resolve);
      };
      const stop = broadcast.listen(write);
      stream.onAbort(resolve);
      write({ kind: 'overview', overview: overview() });
      await gone;
      stop();
    }),
  );
  app.put('/api/watched', async (context) => {
    const { secret } = await bodyOf(context, WatchedBody);
    return secrets.choose(secret)
      ? context.body(null, 204)
      : context.json({ message: 'no such secret' }, 404);
  });
};

const addExecutions = (app: Hono, { watch, breakpoints, directory, start }: PageParts): void => {
  const placed = (context: Context): [MachineName, string] => {
    const machine = Machine.parse(context.req.param('machine'));
    return [machine, watch.arnOf(machine, context.req.param('name') ?? '')];
  };
  app.post('/api/executions', async (context) => {
    const { stepping, ...request } = await bodyOf(context, StartBody);
    const arn = await start(request.start);
    if (stepping && arn !== undefined) breakpoints.step(arn);
    return context.json({ arn });
  });
  app.get('/api/executions/:machine/:name', async (context) =>
    context.json(await watch.courseOf(...placed(context))),
  );
  app.get('/api/executions/:machine/:name/log/:visit', async (context) => {
    const [machine, arn] = placed(context);
    const visit = (await watch.courseOf(machine, arn)).visits[Number(context.req.param('visit'))];
    return context.json(visit ? logOf(directory, arn, visit) : []);
  });
  app.post('/api/executions/:machine/:name/stop', async (context) => {
    const [machine, arn] = placed(context);
    await watch.of(machine).abort(arn);
    return context.body(null, 204);
  });
};

const addBreaking = (app: Hono, { breakpoints, faults, broadcast, overview }: PageParts): void => {
  app.put('/api/breakpoints', async (context) => {
    const { isOn, ...breakpoint } = await bodyOf(context, BreakpointBody);
    breakpoints.set(breakpoint, isOn);
    return context.body(null, 204);
  });
  app.post('/api/holds/:id', async (context) => {
    const isThere = breakpoints.decide(Number(context.req.param('id')), await bodyOf(context, DecisionBody));
    return isThere ? context.body(null, 204) : context.json({ message: 'it is not held any more' }, 404);
  });
  app.put('/api/faults/:name', async (context) => {
    const { setting } = await bodyOf(context, FaultBody);
    if (!faults.set(context.req.param('name'), setting))
      return context.json({ message: 'no such fault' }, 404);
    broadcast.tell({ kind: 'overview', overview: overview() });
    return context.body(null, 204);
  });
};
