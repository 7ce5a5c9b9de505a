import { DatabaseUnavailableError, HostNotFoundError } from '../../functions/contract/errors.ts';
import type { Database } from '../../functions/database/database.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { CLUSTER, INSTANCES, PORT, READ_WRITE, ROOT } from '../support/in-memory-database.ts';
import { PortCalls } from '../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
} from '../support/rotation-machine.ts';
import { ADMIN_SECRET, RotationWorld, SECRET } from '../support/rotation-world.ts';
import type { End, Person, Place } from './any-person.ts';

/** The act in memory, where time is what the machine and the functions wait. */
export class InMemoryPerson implements Person {
  readonly world: RotationWorld;
  readonly clock = new FakeClock();
  readonly host = CLUSTER;
  readonly user: string;
  readonly otherUser: string;
  #number = 0;

  private constructor({ strategy = 'single-user', tags = {}, pendingOfLastCurrent = 'remove' }: Place) {
    const isAdmin = strategy === 'admin-clone';
    this.user = isAdmin ? 'boss' : 'app';
    this.otherUser = `${this.user}_clone`;
    this.world = new RotationWorld({
      strategy,
      admin: !isAdmin,
      username: this.user,
      roles: isAdmin ? ROOT : READ_WRITE,
      clock: this.clock,
    });
    this.world.store.keepsPendingOnLosingCurrent = pendingOfLastCurrent === 'keep';
    for (const [key, value] of Object.entries(tags)) this.tag(key, value);
    this.#nameHosts();
  }

  static async at(place: Place): Promise<InMemoryPerson> {
    const person = new InMemoryPerson(place);
    for (let count = 0; count < (place.rotations ?? 0); count++) {
      const { cause, status } = await person.rotate();
      if (status !== 'SUCCEEDED') throw new Error(cause);
    }
    return person;
  }

  text(label = 'AWSCURRENT'): string {
    const { store } = this.world;
    return store.valueOf(SECRET, store.holder(SECRET, label) ?? '') ?? '';
  }

  write(text: string, label = 'AWSCURRENT'): void {
    this.world.store.putByHand(SECRET, text, { labels: [label] });
  }

  labels(): Readonly<Record<string, string>> {
    return this.world.store.labels(SECRET);
  }

  move(label: string, move: { readonly from?: string; readonly to?: string }): void {
    if (!this.world.store.move(SECRET, label, move)) throw new Error(`${label} can't move so`);
  }

  tag(key: string, value: string): void {
    this.world.store.setTag(SECRET, key, value);
  }

  untag(key: string): void {
    this.world.store.removeTag(SECRET, key);
  }

  setPassword(username: string, password: string): void {
    this.world.database.addUser(username, password, this.world.database.user(username)?.roles ?? []);
  }

  createUser(username: string, password: string): void {
    this.world.database.addUser(username, password, READ_WRITE);
  }

  dropUser(username: string): void {
    this.world.database.removeUser(username);
  }

  hasUser(username: string): boolean {
    return this.world.database.user(username) !== undefined;
  }

  writeAdminSecret(change: (text: string) => string): void {
    const { store } = this.world;
    store.putByHand(
      ADMIN_SECRET,
      change(store.valueOf(ADMIN_SECRET, store.holder(ADMIN_SECRET, 'AWSCURRENT') ?? '') ?? ''),
    );
  }

  rotate(input: object = {}): Promise<End> {
    return this.#rotate(input, this.#name('rotation'));
  }

  recover(input: object = {}): Promise<End> {
    return new RecoveryMachine(this.world, this.#options()).run(this.#name('recovery'), {
      secretId: SECRET,
      ...input,
    });
  }

  problems(): readonly string[] {
    return this.world.endProblems();
  }

  #name(machine: string): string {
    this.#number += 1;
    return executionArn(`by-hand-${this.#number}`, machine);
  }

  async #rotate(input: object, arn: string): Promise<End> {
    const machine = new RotationMachine(this.world, this.#options());
    const ending = await machine.run(arn, { secretId: SECRET, ...input });
    for (const request of machine.retirements) {
      const { Input } = request as { Input: object };
      const { graceSeconds: _, ...rest } = Input as Record<string, unknown>;
      await new RetirementMachine(this.world, this.#options()).run(this.#name('retirement'), {
        ...rest,
        graceSeconds: 0,
      });
    }
    return ending;
  }

  #options() {
    return {
      calls: new PortCalls(),
      now: this.clock.now,
      wait: async (_state: string, seconds: number) => this.clock.advance(seconds * 1000),
      pause: async (seconds: number) => this.clock.advance(seconds * 1000),
    };
  }

  /** As the driver finds them: only the cluster's names have an address, and it speaks TLS only, at one port. */
  #nameHosts(): void {
    const { database } = this.world;
    const original = database.port.bind(database);
    database.port = (gate) => {
      const port: Database = original(gate);
      return {
        login: async (login) => {
          const isNamed = [CLUSTER, ...INSTANCES].includes(login.host.toLowerCase());
          if (isNamed && (!login.tls || login.port !== PORT))
            throw new DatabaseUnavailableError(`${login.host}:${login.port} does not answer`);
          if (isNamed) return await port.login({ ...login, host: login.host.toLowerCase() });
          throw new HostNotFoundError(
            `logging in to ${login.host}:${login.port} as "${login.username}": the host name has no address; check the host in the secret and the DNS of the VPC`,
          );
        },
      };
    };
  }
}
