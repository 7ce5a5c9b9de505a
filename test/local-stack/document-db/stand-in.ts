import { rm } from 'node:fs/promises';
import type { CertificateAuthority } from './certificate-authority.ts';
import { createCertificateAuthority } from './certificate-authority.ts';
import type { Cluster, CommandHook, RolesInStatus } from './cluster.ts';
import type { CommandAfter } from './command-event.ts';
import type { EngineVersion } from './engine-version.ts';
import type { Faults } from './faults.ts';
import { Front } from './front.ts';
import { type HostileFront, type Hostility, openHostileFront } from './hostile-front.ts';
import { type SecantusOptions, SecantusProcess, type StoredUser } from './secantus-process.ts';

/** Where a client connects. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface OpenFrontOptions {
  /** What is wrong with the certificate; `none` speaks plain TCP. */
  readonly certificate: 'trusted' | 'other-authority' | 'other-name' | 'expired' | 'none';
  /**
   * Index of the instance it leads to.
   *
   * @default - the primary, at the time of connecting
   */
  readonly instance?: number;
}

export interface DownOptions {
  /**
   * For how long.
   *
   * @default - until up() is called
   */
  readonly ms?: number;
  /**
   * @default - all of them
   */
  readonly instance?: number;
}

/** Acts on the storage itself, past the fronts: no rule, fault or record applies. */
export interface StorageAdmin {
  /** Makes a user, or resets its password and roles, as the AWS console can for the primary user. */
  putUser(name: string, password: string, roles: readonly string[]): Promise<void>;
  /** @returns whether there was such a user. */
  dropUser(name: string): Promise<boolean>;
  users(): Promise<readonly StoredUser[]>;
}

export interface StandInParts {
  readonly cluster: Cluster;
  readonly secantus: SecantusProcess;
  readonly secantusOptions: SecantusOptions;
  readonly authority: CertificateAuthority;
  readonly caFile: string;
  readonly host: string;
  readonly endpoint: Front;
  readonly instanceFronts: readonly Front[];
  /** What to remove when it stops. */
  readonly ownDirectory?: string;
}

/** A running cluster that behaves as Amazon DocumentDB does. */
export class DocumentDbStandIn {
  readonly host: string;
  /** The cluster endpoint's. It leads to the primary. */
  readonly port: number;
  readonly instances: readonly Endpoint[];
  /** PEM file of the authority that signed the server certificates. */
  readonly caFile: string;
  readonly admin: StorageAdmin;
  readonly #parts: StandInParts;
  readonly #fronts: Set<Front>;
  readonly #hostile = new Set<HostileFront>();
  readonly #delays = new Map<number, number>();
  #secantus: SecantusProcess;
  #upTimer: NodeJS.Timeout | undefined;

  constructor(parts: StandInParts) {
    this.#parts = parts;
    this.#secantus = parts.secantus;
    this.#fronts = new Set([parts.endpoint, ...parts.instanceFronts]);
    this.host = parts.host;
    this.port = parts.endpoint.port;
    this.instances = parts.instanceFronts.map(({ port }) => ({ host: parts.host, port }));
    this.caFile = parts.caFile;
    this.admin = {
      putUser: (name, password, roles) => this.#secantus.putUser(name, password, roles),
      dropUser: (name) => this.#secantus.dropUser(name),
      users: () => this.#secantus.users(),
    };
  }

  /** Process id of SecantusDB. */
  get pid(): number {
    return this.#secantus.pid;
  }

  get authority(): CertificateAuthority {
    return this.#parts.authority;
  }

  get engineVersion(): EngineVersion {
    return this.#parts.cluster.engineVersion;
  }

  /** Index of the instance that takes writes. */
  get primary(): number {
    return this.#parts.cluster.primary;
  }

  get faults(): Faults {
    return this.#parts.cluster.faults;
  }

  /** Every command but `hello` and `isMaster`, in the order of their ends. Empty it with `splice(0)`. */
  get observed(): CommandAfter[] {
    return this.#parts.cluster.observed;
  }

  /** Upgrades the engine: new connections see it. */
  setEngineVersion(version: EngineVersion): void {
    this.#parts.cluster.engineVersion = version;
  }

  /**
   * Calls `hook` before and after each command; the command waits for it. What it
   * returns happens to that command: before it, any fault; after it, a cut or a delay.
   * What it throws breaks the connection and is thrown again by stop().
   *
   * @returns a function that takes the hook away.
   */
  onCommand(hook: CommandHook): () => void {
    const { hooks } = this.#parts.cluster;
    hooks.add(hook);
    return () => hooks.delete(hook);
  }

  /**
   * From now on the instance learns of a new password, role, user or of a dropped
   * user only after `ms`. A shorter time also applies to what it does not know
   * yet, so 0 propagates everything at once; Infinity waits until told otherwise.
   */
  async setPropagationDelay(instance: number, ms: number): Promise<void> {
    this.#delays.set(instance, ms);
    await this.#secantus.setDelay(instance, ms);
  }

  /** Makes another instance the primary and breaks all connections; a lone instance refuses its next write. */
  failOver(to = (this.primary + 1) % this.instances.length): void {
    const { cluster } = this.#parts;
    if (this.instances.length === 1) {
      cluster.faults.add({ kind: 'fail-over' });
      return;
    }
    cluster.primary = to;
    this.cutConnections();
  }

  /** Whether no instance takes writes, as in a secondary cluster of a global cluster. */
  set readOnly(readOnly: boolean) {
    this.#parts.cluster.readOnly = readOnly;
  }

  /** How `connectionStatus` tells the roles of a connection from now on. */
  set rolesInStatus(roles: RolesInStatus) {
    this.#parts.cluster.rolesInStatus = roles;
  }

  /** Breaks every connection; new ones are welcome. */
  cutConnections(): void {
    for (const front of this.#fronts) front.cut();
  }

  /** Makes the cluster, or one instance, unreachable. */
  down({ ms, instance }: DownOptions = {}): void {
    const { cluster } = this.#parts;
    const indexes = instance === undefined ? this.instances.keys() : [instance];
    for (const index of indexes) cluster.down.add(index);
    if (instance === undefined) this.cutConnections();
    else this.#cutInstance(instance);
    if (ms !== undefined) this.#upTimer = setTimeout(() => this.up(), ms);
  }

  /** Everything can be reached again. */
  up(): void {
    clearTimeout(this.#upTimer);
    this.#parts.cluster.down.clear();
  }

  /** Stops the storage and starts it again; users and data are kept. */
  async restart(): Promise<void> {
    const { cluster, secantusOptions } = this.#parts;
    const wasDown = [...cluster.down];
    this.down();
    await this.#secantus.stop();
    this.#secantus = await SecantusProcess.start(secantusOptions);
    cluster.upstreamPort = this.#secantus.port;
    for (const [instance, ms] of this.#delays) await this.#secantus.setDelay(instance, ms);
    cluster.down.clear();
    for (const index of wasDown) cluster.down.add(index);
  }

  /** Opens one more way in, good or bad in a way of your choice. */
  async openFront({ certificate, instance }: OpenFrontOptions): Promise<Endpoint> {
    const { cluster, authority } = this.#parts;
    const pair = await certificateFor(certificate, authority);
    const front = await Front.open({
      cluster,
      instance: () => instance ?? cluster.primary,
      ...(pair ? { certificate: pair } : {}),
    });
    this.#fronts.add(front);
    return { host: this.host, port: front.port };
  }

  /** Opens a server that harms its clients; its certificate is a good one unless `tls` is false. */
  async openHostileFront(hostility: Hostility, { tls = true } = {}): Promise<HostileFront> {
    const pair = tls ? await certificateFor('trusted', this.#parts.authority) : undefined;
    const front = await openHostileFront(hostility, pair);
    this.#hostile.add(front);
    return front;
  }

  /**
   * Ends every process and socket of this cluster. May be called again.
   *
   * @throws AggregateError afterwards, with what hooks threw.
   */
  async stop(): Promise<void> {
    clearTimeout(this.#upTimer);
    await Promise.all([...this.#fronts, ...this.#hostile].map((front) => front.close()));
    this.#fronts.clear();
    this.#hostile.clear();
    await this.#secantus.stop();
    const { ownDirectory } = this.#parts;
    if (ownDirectory !== undefined) await rm(ownDirectory, { recursive: true, force: true });
    const errors = this.#parts.cluster.hookErrors.splice(0);
    if (errors.length > 0) throw new AggregateError(errors, 'a hook of onCommand failed');
  }

  #cutInstance(instance: number): void {
    this.#parts.instanceFronts[instance]?.cut();
    // The endpoint leads to the primary, so its connections end with it.
    if (instance === this.primary) this.#parts.endpoint.cut();
  }
}

const LOOPBACK = ['127.0.0.1', 'localhost'];

const certificateFor = async (kind: OpenFrontOptions['certificate'], authority: CertificateAuthority) => {
  if (kind === 'none') return undefined;
  if (kind === 'other-authority') {
    const other = await createCertificateAuthority('Some other authority');
    return other.issue({ names: LOOPBACK });
  }
  if (kind === 'other-name') return authority.issue({ names: ['other.example'] });
  return authority.issue({ names: LOOPBACK, expired: kind === 'expired' });
};
