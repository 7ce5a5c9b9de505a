import type { Document } from 'bson';
import { ENGINES, type EngineVersion } from './engine-version.ts';

/** How the cluster looks from the front that answers. */
export interface ClusterView {
  readonly engineVersion: EngineVersion;
  /** `host:port` of every instance. */
  readonly hosts: readonly string[];
  readonly me: string;
  /** None while no instance takes writes. */
  readonly primary: string | undefined;
}

// SecantusDB's own address, and what would let a driver leave the plain pattern
// of one command and one answer that the fronts read.
const NOT_PASSED_ON = ['topologyVersion', 'speculativeAuthenticate', 'compression', 'electionId'];

/** Turns SecantusDB's answer to `hello` into the one that an instance of the cluster gives. */
export const rewriteHelloReply = (reply: Document, view: ClusterView): Document => {
  const isPrimary = view.me === view.primary;
  const engine = ENGINES[view.engineVersion];
  const rewritten: Document = {
    ...reply,
    isWritablePrimary: isPrimary,
    ismaster: isPrimary,
    secondary: !isPrimary,
    setName: 'rs0',
    hosts: [...view.hosts],
    me: view.me,
    primary: view.primary,
    minWireVersion: 0,
    maxWireVersion: engine.maxWireVersion,
  };
  for (const field of NOT_PASSED_ON) delete rewritten[field];
  if (view.primary === undefined) delete rewritten.primary;
  if (Array.isArray(reply.saslSupportedMechs)) {
    const offered = engine.mechanisms.filter((name) => reply.saslSupportedMechs.includes(name));
    rewritten.saslSupportedMechs = offered.length > 0 ? offered : engine.mechanisms;
  }
  return rewritten;
};

/** Takes out of a `hello` what the fronts don't offer. */
export const rewriteHelloRequest = (request: Document): Document => {
  const { speculativeAuthenticate: _, ...rest } = request;
  // An awaitable hello asks the server to hold its answer back until the topology changes.
  const { maxAwaitTimeMS: __, topologyVersion: ___, ...plain } = rest;
  return 'compression' in plain ? { ...plain, compression: [] } : plain;
};
