import { connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { type MongoClient, MongoError } from 'mongodb';
import { z } from 'zod';
import { type Address, openConnection } from './connection.ts';
import { KnownUsers, type NewPassword } from './known-users.ts';
import { type Outcome, type ParsedScript, Script, type Step } from './script.ts';
import { clean, withoutSecrets } from './without-secrets.ts';

export interface ProberDeps {
  /** The text of a labelled version of a secret. */
  readonly readSecret: (secretArn: string, label: string) => Promise<string>;
  readonly secureContext: SecureContext;
  /** @default - at random */
  readonly newPassword?: NewPassword;
}

const SecretValue = z.looseObject({
  host: z.string(),
  port: z.coerce.number(),
  username: z.string(),
  password: z.string(),
});

const Hello = z.looseObject({ hosts: z.array(z.string()).default([]) });

const POLL_MS = 100;
const ADMIN = 'admin';

/**
 * Does what a script says, step after step, and answers what each came to. Users that the script has made are gone at its end.
 *
 * @returns one outcome a step; a step that makes no sense is an error like one of the database
 */
export const makeProber =
  (deps: ProberDeps) =>
  async (request: unknown): Promise<readonly Outcome[]> => {
    const script = Script.parse(request);
    const run = await ScriptRun.begin(deps, script);
    try {
      const outcomes: Outcome[] = [];
      for (const step of script.steps) outcomes.push(await run.outcomeOf(step));
      return outcomes;
    } finally {
      await run.end();
    }
  };

class ScriptRun {
  readonly #deps: ProberDeps;
  readonly #users: KnownUsers;
  readonly #connections = new Map<string, MongoClient>();
  readonly #made = new Set<string>();
  readonly #cluster: Address;
  #instances: readonly Address[] = [];

  private constructor(deps: ProberDeps, cluster: Address) {
    this.#deps = deps;
    this.#users = new KnownUsers(deps.newPassword);
    this.#cluster = cluster;
  }

  static async begin(deps: ProberDeps, { admin, users }: ParsedScript): Promise<ScriptRun> {
    const read = async (secretArn: string, label: string) =>
      SecretValue.parse(JSON.parse(await deps.readSecret(secretArn, label)));
    const value = await read(admin.secretArn, 'AWSCURRENT');
    const run = new ScriptRun(deps, { host: value.host, port: value.port });
    run.#users.add(ADMIN, value.username, value.password);
    for (const [name, { secretArn, label }] of Object.entries(users)) {
      const { username, password } = await read(secretArn, label);
      run.#users.add(name, username, password);
    }
    return run;
  }

  async outcomeOf(step: Step): Promise<Outcome> {
    const started = performance.now();
    const milliseconds = () => Math.round(performance.now() - started);
    try {
      const reply = withoutSecrets(await this.#do(step), this.#users.passwords);
      return { ok: true, reply: (reply ?? {}) as Record<string, unknown>, milliseconds: milliseconds() };
    } catch (error) {
      return { ok: false, ...this.#told(error), milliseconds: milliseconds() };
    }
  }

  /** Drops who was made, by an admin of its own connection: the script may have closed or lost the others. */
  async end(): Promise<void> {
    for (const client of this.#connections.values()) await client.close(true).catch(() => {});
    if (this.#made.size === 0) return;
    const admin = await this.#open({ do: 'connect', name: '', as: ADMIN, at: 'cluster', password: 'own' });
    try {
      for (const username of this.#made)
        await admin
          .db('admin')
          .command({ dropUser: username })
          .catch(() => {});
    } finally {
      await admin.close(true);
    }
  }

  async #do(step: Step): Promise<Record<string, unknown>> {
    switch (step.do) {
      case 'connect':
        this.#connections.set(step.name, await this.#open(step));
        return {};
      case 'run':
        return await this.#run(step);
      case 'close':
        await this.#connection(step.name).close(true);
        return {};
      case 'await-logins':
        return await this.#awaitLogins(step);
      case 'reach':
        return await reach(await this.#address(step.at), step.milliseconds);
    }
  }

  async #open(step: Extract<Step, { do: 'connect' }>): Promise<MongoClient> {
    return await openConnection({
      address: await this.#address(step.at),
      secureContext: this.#deps.secureContext,
      username: this.#users.username(step.as),
      password: this.#users.password(step.as, step.password),
      mechanism: step.mechanism,
    });
  }

  #connection(name: string): MongoClient {
    const client = this.#connections.get(name);
    if (client === undefined) throw new Error(`the script has no connection "${name}"`);
    return client;
  }

  async #run({ on, database, command }: Extract<Step, { do: 'run' }>): Promise<Record<string, unknown>> {
    const took: (() => void)[] = [];
    const filled = this.#filled(command, took) as Record<string, unknown>;
    const reply = await this.#connection(on).db(database).command(filled);
    for (const each of took) each();
    const { createUser } = filled;
    if (typeof createUser === 'string' && this.#users.isMadeUp(createUser)) this.#made.add(createUser);
    return reply;
  }

  /** The command with names and passwords in the places that the script has left for them. */
  #filled(value: unknown, took: (() => void)[]): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#filled(each, took));
    if (typeof value !== 'object' || value === null) return value;
    const { $user, $password } = value as { $user?: unknown; $password?: unknown };
    if (typeof $user === 'string') return this.#users.username($user);
    if ($password !== undefined) return this.#passwordFor($password, took);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.#filled(each, took)]));
  }

  #passwordFor(wanted: unknown, took: (() => void)[]): string {
    const { of, kind, length, with: odd } = PasswordWanted.parse(wanted);
    if (kind === 'own') return this.#users.password(of, 'own');
    const proposed = this.#users.propose(of, length, odd);
    took.push(proposed.took);
    return proposed.password;
  }

  async #awaitLogins(step: Extract<Step, { do: 'await-logins' }>): Promise<Record<string, unknown>> {
    const count = (await this.#allInstances()).length;
    const milliseconds = await Promise.all(
      Array.from({ length: count }, (_, at) => this.#untilLogin(step, at)),
    );
    return { instances: milliseconds };
  }

  /** @returns after how many milliseconds the instance did so, or null if it did not in time */
  async #untilLogin(step: Extract<Step, { do: 'await-logins' }>, at: number): Promise<number | null> {
    const started = performance.now();
    while (performance.now() - started < step.seconds * 1000) {
      const accepted = await this.#logsIn(step, at);
      if (accepted === (step.until === 'accepted')) return Math.round(performance.now() - started);
      await sleep(POLL_MS);
    }
    return null;
  }

  async #logsIn({ as, password }: Extract<Step, { do: 'await-logins' }>, at: number): Promise<boolean> {
    try {
      const client = await this.#open({ do: 'connect', name: '', as, at, password });
      await client.close(true);
      return true;
    } catch {
      return false;
    }
  }

  async #address(at: 'cluster' | number): Promise<Address> {
    if (at === 'cluster') return this.#cluster;
    const instance = (await this.#allInstances())[at];
    if (instance === undefined) throw new Error(`the cluster has no instance ${at}`);
    return instance;
  }

  /** The primary first: the others are readers. */
  async #allInstances(): Promise<readonly Address[]> {
    if (this.#instances.length > 0) return this.#instances;
    const client = await this.#open({ do: 'connect', name: '', as: ADMIN, at: 'cluster', password: 'own' });
    try {
      // DocumentDB 3.6 has no `hello`, every version has this.
      const { hosts, primary } = Hello.parse(await client.db('admin').command({ isMaster: 1 }));
      const ordered = [...hosts].sort((one, other) => Number(other === primary) - Number(one === primary));
      this.#instances = ordered.map(addressOf);
    } finally {
      await client.close(true);
    }
    return this.#instances;
  }

  #told(error: unknown): { error: string; message: string; code?: number; codeName?: string } {
    const known = error instanceof Error ? error : new Error(String(error));
    const { code, codeName } = known as { code?: unknown; codeName?: unknown };
    return {
      error: known.name,
      message: clean(known.message, this.#users.passwords),
      ...(error instanceof MongoError && typeof code === 'number' ? { code } : {}),
      ...(typeof codeName === 'string' ? { codeName } : {}),
    };
  }
}

const PasswordWanted = z.object({
  of: z.string(),
  kind: z.enum(['own', 'new']),
  length: z.number().optional(),
  with: z.string().optional(),
});

const addressOf = (text: string): Address => {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
};

const reach = async ({ host, port }: Address, milliseconds: number): Promise<Record<string, unknown>> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connectSocket({ host, port }, resolve);
  socket.once('error', reject);
  const timer = setTimeout(() => reject(new Error(`no connection in ${milliseconds} ms`)), milliseconds);
  try {
    await promise;
    return { connected: true };
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
};
