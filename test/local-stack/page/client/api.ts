import type { Breakpoint, Course, Decision, FaultSetting, MachineName, MachineView, Told } from '../model.ts';

/** Waits for what was asked for, and shows what it was refused with. */
export type Act = (action: Promise<unknown>) => void;

/** Behind the # of the address: the browser sends it to no one. */
const token = (): string => location.hash.slice(1);

const send = async (method: string, path: string, body?: unknown): Promise<Response> => {
  const response = await fetch(`/api/${path}`, {
    method,
    headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.ok) return response;
  const { message = response.statusText } = await response.json().catch(() => ({}));
  throw new Error(message);
};

const read = async <T>(path: string): Promise<T> => (await send('GET', path)).json();

export type StartBody =
  | { readonly machine: 'rotation'; readonly secretId: string; readonly mode: string }
  | {
      readonly machine: 'recovery';
      readonly secretId: string;
      readonly resetThroughAdmin: boolean;
      readonly resetThroughCluster: boolean;
    }
  | { readonly machine: 'secrets-manager'; readonly secretId: string };

const pathOf = (machine: MachineName, name: string): string =>
  `executions/${machine}/${encodeURIComponent(name)}`;

export const machines = (): Promise<MachineView[]> => read('machines');
export const course = (machine: MachineName, name: string): Promise<Course> => read(pathOf(machine, name));
export const log = (machine: MachineName, name: string, visit: number): Promise<string[]> =>
  read(`${pathOf(machine, name)}/log/${visit}`);
export const watch = (secret: string) => send('PUT', 'watched', { secret });
export const stop = (machine: MachineName, name: string) => send('POST', `${pathOf(machine, name)}/stop`);
export const decide = (hold: number, decision: Decision) => send('POST', `holds/${hold}`, decision);
export const setFault = (name: string, setting: FaultSetting) => send('PUT', `faults/${name}`, { setting });
export const setBreakpoint = (breakpoint: Breakpoint, isOn: boolean) =>
  send('PUT', 'breakpoints', { ...breakpoint, isOn });
export const start = async (body: StartBody, stepping: boolean): Promise<string | undefined> =>
  (await (await send('POST', 'executions', { start: body, stepping })).json()).arn;

/** Server-sent events, read by hand: an EventSource can't send the token in a header. */
export const listen = async (hear: (told: Told) => void): Promise<void> => {
  const { body } = await send('GET', 'events');
  if (!body) return;
  let rest = '';
  for (const reader = body.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = `${rest}${value}`.split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) hear(JSON.parse(dataOf(event)));
  }
};

const dataOf = (event: string): string =>
  event
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trim())
    .join('\n');
