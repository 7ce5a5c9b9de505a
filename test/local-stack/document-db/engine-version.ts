/** The engine versions of Amazon DocumentDB that a cluster can run. */
export type EngineVersion = '3.6' | '4.0' | '5.0' | '8.0';

export interface Engine {
  /** What `hello` reports, which decides whether a driver agrees to talk at all. */
  readonly maxWireVersion: number;
  /** What `buildInfo` reports. */
  readonly serverVersion: string;
  readonly mechanisms: readonly ScramMechanism[];
}

export type ScramMechanism = 'SCRAM-SHA-1' | 'SCRAM-SHA-256';

const BOTH = ['SCRAM-SHA-256', 'SCRAM-SHA-1'] as const;

/**
 * What each engine tells a driver.
 *
 * 4.0 reports 7: https://docs.gurobi.com/projects/remoteservices/en/current/content/releasenotes/deprecations.html
 * 8.0 is "fully wire protocol compatible" with MongoDB 8.0, whose version is 25:
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/compatibility.html and
 * https://github.com/mongodb/mongo-c-driver/pull/1672
 * SCRAM-SHA-256 came with 5.0.1 and 8.0.1; before, there was SCRAM-SHA-1 alone:
 * https://docs.aws.amazon.com/documentdb/latest/devguide/scram-sha-256-auth.html
 */
export const ENGINES: Readonly<Record<EngineVersion, Engine>> = {
  '3.6': { maxWireVersion: 6, serverVersion: '3.6.0', mechanisms: ['SCRAM-SHA-1'] },
  '4.0': { maxWireVersion: 7, serverVersion: '4.0.0', mechanisms: ['SCRAM-SHA-1'] },
  '5.0': { maxWireVersion: 13, serverVersion: '5.0.0', mechanisms: BOTH },
  '8.0': { maxWireVersion: 25, serverVersion: '8.0.0', mechanisms: BOTH },
};
