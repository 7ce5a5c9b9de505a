import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePython } from '../python/index.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type ServerCertificate,
} from './certificate-authority.ts';
import { Cluster } from './cluster.ts';
import type { EngineVersion } from './engine-version.ts';
import { Front } from './front.ts';
import { SecantusProcess } from './secantus-process.ts';
import { DocumentDbStandIn } from './stand-in.ts';
import { passwordProblem, primaryNameProblem } from './user-rules.ts';

export type { CommandHook } from './cluster.ts';
export type { CommandAfter, CommandBefore, CommandContext, CommandEvent } from './command-event.ts';
export { ENGINES, type EngineVersion } from './engine-version.ts';
export type { ArmedFault, Fault, FaultAction, FaultMatch } from './faults.ts';
export type { HostileFront, Hostility } from './hostile-front.ts';
export type { StoredUser } from './secantus-process.ts';
export {
  DocumentDbStandIn,
  type DownOptions,
  type Endpoint,
  type OpenFrontOptions,
  type StorageAdmin,
} from './stand-in.ts';

const LOCAL = join(import.meta.dirname, '../../../.local');
/**
 * The fewest that a client takes: https://www.rfc-editor.org/rfc/rfc7677#section-4. Each that logs in with a password for the first
 * time computes as many.
 */
const FEWEST_ITERATIONS = 4096;
const AUTHORITY = 'docdb-rotation local stack';

export interface DocumentDbOptions {
  readonly primaryUser: { readonly name: string; readonly password: string };
  /**
   * @default 1
   */
  readonly instances?: number;
  /**
   * @default '5.0'
   */
  readonly engineVersion?: EngineVersion;
  /**
   * The name by which the instances call themselves; all listen on 127.0.0.1.
   *
   * @default '127.0.0.1'
   */
  readonly host?: '127.0.0.1' | 'localhost';
  /**
   * @default true
   */
  readonly tls?: boolean;
  /**
   * Who signs the server certificates: that of another cluster, whose clients trust this one too.
   *
   * @default - one of its own
   */
  readonly authority?: CertificateAuthority;
  /**
   * The cluster endpoint's port.
   *
   * @default - a free one
   */
  readonly port?: number;
  /**
   * How dear a login is: `mongodb` makes it as dear as MongoDB's defaults do, for who measures.
   *
   * @default 'cheap'
   */
  readonly logins?: 'cheap' | 'mongodb';
  /**
   * Where data, log and the CA file go. A folder given here is kept on stop.
   *
   * @default - a new folder under .local, removed on stop
   */
  readonly directory?: string;
  /**
   * A Python that has SecantusDB.
   *
   * @default - what ensurePython() gives
   */
  readonly python?: string;
}

/** Starts a cluster: a real MongoDB-wire server that behaves as Amazon DocumentDB does. Loopback only. */
export const startDocumentDb = async (options: DocumentDbOptions): Promise<DocumentDbStandIn> => {
  const { primaryUser, host = '127.0.0.1', engineVersion = '5.0', tls = true } = options;
  refuseBadUser(primaryUser);
  const python = options.python ?? (await ensurePython()).python;
  const directory = await prepareDirectory(options.directory);
  const own = options.directory === undefined ? { ownDirectory: directory } : {};
  const undo: (() => Promise<void>)[] = [];
  if (own.ownDirectory) undo.push(() => rm(directory, { recursive: true, force: true }));
  try {
    const authority = options.authority ?? (await createCertificateAuthority(AUTHORITY));
    const caFile = join(directory, 'ca.pem');
    await writeFile(caFile, authority.pem);
    const secantusOptions = {
      python,
      storage: join(directory, 'data'),
      temporary: options.directory === undefined,
      logFile: join(directory, 'secantus.log'),
      instances: options.instances ?? 1,
      primaryUser,
      scramIterations: options.logins === 'mongodb' ? null : FEWEST_ITERATIONS,
    };
    const secantus = await SecantusProcess.start(secantusOptions);
    undo.unshift(() => secantus.stop());
    const cluster = new Cluster(primaryUser.name, engineVersion);
    cluster.upstreamPort = secantus.port;
    const certificate = tls ? await authority.issue({ names: ['127.0.0.1', 'localhost'] }) : undefined;
    const fronts = await openFronts(cluster, host, secantusOptions.instances, certificate, options.port);
    const parts = { cluster, secantus, secantusOptions, authority, caFile, host, ...fronts, ...own };
    return new DocumentDbStandIn(parts);
  } catch (error) {
    // A start that fails leaves neither a process nor a folder.
    for (const step of undo) await step();
    throw error;
  }
};

const refuseBadUser = ({ name, password }: DocumentDbOptions['primaryUser']): void => {
  const problem = primaryNameProblem(name) ?? passwordProblem(password);
  if (problem !== undefined) throw new TypeError(`can't make the cluster: ${problem}`);
};

const prepareDirectory = async (given: string | undefined): Promise<string> => {
  await mkdir(given ?? LOCAL, { recursive: true });
  const directory = given ?? (await mkdtemp(join(LOCAL, `document-db-${process.pid}-`)));
  await mkdir(join(directory, 'data'), { recursive: true });
  return directory;
};

const openFronts = async (
  cluster: Cluster,
  host: string,
  instances: number,
  certificate: ServerCertificate | undefined,
  port: number | undefined,
): Promise<{ endpoint: Front; instanceFronts: readonly Front[] }> => {
  const secured = certificate ? { certificate } : {};
  const at = port === undefined ? {} : { port };
  const instanceFronts: Front[] = [];
  for (let index = 0; index < instances; index += 1) {
    const own = instances === 1 ? at : {};
    instanceFronts.push(await Front.open({ cluster, instance: () => index, ...secured, ...own }));
  }
  cluster.hosts = instanceFronts.map((front) => `${host}:${front.port}`);
  const [only] = instanceFronts;
  // A lone instance is its cluster's endpoint: one port to remember.
  if (instances === 1 && only) return { endpoint: only, instanceFronts };
  const endpoint = await Front.open({ cluster, instance: () => cluster.primary, ...secured, ...at });
  return { endpoint, instanceFronts };
};
